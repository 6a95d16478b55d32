/** The worker that holds one volume and answers planes through it, so that the page stays free. */
import { resampleCurve } from '../core/volume/curve';
import type { VolumeGrid } from '../core/volume/grid';
import { resample } from '../core/volume/resample';
import { texture } from '../core/volume/texture';
import { TooLargeError, Voxels } from '../core/volume/voxels';
import type { VolumeAnswer, VolumeMessage } from './protocol';

let held: { readonly grid: VolumeGrid; readonly voxels: Voxels } | null = null;

function answer(message: VolumeAnswer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

function open({ grid, mostBytes }: Extract<VolumeMessage, { kind: 'open' }>): void {
  const voxels = new Voxels(grid.columns, grid.rows, grid.slots, mostBytes);
  voxels.expect(grid.slotOf);
  held = { grid, voxels };
}

function values(message: Extract<VolumeMessage, { kind: 'plane' | 'curve' | 'texture' }>): void {
  if (!held) {
    answer({ kind: 'failed', id: message.id });
    return;
  }
  const { voxels, grid } = held;
  if (message.kind === 'texture') {
    const made = texture(voxels, message.longest);
    answer({ kind: 'values', id: message.id, ...made }, [made.values.buffer]);
    return;
  }
  const { columns, rows } = message.request;
  const made = message.kind === 'plane' ? resample(voxels, grid, message.request) : resampleCurve(voxels, grid, message.request);
  answer({ kind: 'values', id: message.id, values: made, size: { columns, rows, slots: 1 } }, [made.buffer]);
}

function take(message: VolumeMessage): void {
  switch (message.kind) {
    case 'open': open(message); return;
    case 'slice': held?.voxels.fill(message.slot, message.pixels, message.parameters); return;
    case 'lost': held?.voxels.lose(message.slot); return;
    default: values(message);
  }
}

self.addEventListener('message', ({ data }: MessageEvent<VolumeMessage>) => {
  try {
    take(data);
  } catch (reason) {
    // A browser that has no memory left throws RangeError.
    if (reason instanceof TooLargeError || reason instanceof RangeError) {
      held = null;
      answer({ kind: 'too_large' });
    } else if ('id' in data) answer({ kind: 'failed', id: data.id });
    else throw reason;
  }
});
