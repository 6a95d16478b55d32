import { describe, expect, it } from 'vitest';

import { BUILT_IN } from './built_in';
import { readProtocols } from './own';
import { assign, chooseProtocol, firstStage, fittingProtocols, plain, usableStages } from './match';
import type { Candidate, StudyFacts } from './protocol';
import { centreAtEdge, fittedZoom, sameScale, turnedLetters, turnFor } from './standing';

const facts = (modalities: string[], more: Partial<StudyFacts> = {}): StudyFacts => ({
  modalities, bodyParts: [], lateralities: [], prior: false, monitors: 1, ...more,
});
const candidate = (key: string, more: Partial<Candidate> = {}): Candidate => ({
  key, prior: 0, modality: 'MG', laterality: '', view: '', description: '', images: 1, ...more,
});
const keys = (found: readonly (Candidate | null)[]): (string | null)[] => found.map((one) => one?.key ?? null);

describe('choosing a protocol', () => {
  it('takes the one with the most conditions that hold', () => {
    expect(chooseProtocol(BUILT_IN, facts(['CT']))?.id).toBe('ct');
    expect(chooseProtocol(BUILT_IN, facts(['CT'], { prior: true }))?.id).toBe('ct_prior');
    expect(chooseProtocol(BUILT_IN, facts(['CT', 'PT']))?.id).toBe('pet_ct');
    expect(chooseProtocol(BUILT_IN, facts(['DX']))?.id).toBe('radiograph');
    expect(chooseProtocol(BUILT_IN, facts(['OT']))?.id).toBe('any');
  });

  it('hangs a PET/CT as one, also where there is a prior CT; a person’s own for it comes first', () => {
    const study = facts(['CT', 'PT', 'SEG', 'RTSTRUCT'], { prior: true });
    expect(chooseProtocol(BUILT_IN, study)?.id).toBe('pet_ct_prior');
    const own = { id: 'mine', name: 'PET', when: { allModalities: ['CT', 'PT'], prior: true }, stages: [] };
    expect(chooseProtocol([own, ...BUILT_IN], study)?.id).toBe('mine');
    const ofCt = { id: 'ct', name: 'Ngực', when: { modalities: ['CT'], bodyParts: ['CHEST'], prior: true }, stages: [] };
    expect(chooseProtocol([ofCt, ...BUILT_IN], { ...study, bodyParts: ['CHEST'] })?.id).toBe('pet_ct_prior');
    expect(chooseProtocol([ofCt, own, ...BUILT_IN], facts(['CT'], { bodyParts: ['CHEST'], prior: true }))?.id).toBe('ct');
    expect(fittingProtocols(BUILT_IN, study).map(({ id }) => id)).toContain('ct_prior');
  });

  it('puts a person’s own before ours, and asks for body part, side and monitors', () => {
    const own = { id: 'mine', name: 'Sọ', when: { modalities: ['CT'], bodyParts: ['HEAD'] }, stages: [] };
    expect(chooseProtocol([own, ...BUILT_IN], facts(['CT'], { bodyParts: ['HEAD'] }))?.id).toBe('mine');
    expect(chooseProtocol([own, ...BUILT_IN], facts(['CT'], { bodyParts: ['CHEST'] }))?.id).toBe('ct');
    const two = { id: 'two', when: { modalities: ['CT'], monitors: 2, laterality: 'L' as const }, stages: [] };
    expect(fittingProtocols([two], facts(['CT'], { lateralities: ['L'] }))).toEqual([]);
    expect(fittingProtocols([two], facts(['CT'], { lateralities: ['L'], monitors: 2 }))).toEqual([two]);
    expect(fittingProtocols([two], facts(['CT'], { lateralities: ['L', 'R'], monitors: 2 }))).toEqual([]);
  });
});

describe('mammography', () => {
  const views = [candidate('lmlo', { laterality: 'L', view: 'MLO' }), candidate('rcc', { laterality: 'R', view: 'CC' }),
    candidate('lcc', { laterality: 'L', view: 'CC' }), candidate('rmlo', { laterality: 'R', view: 'MLO' })];
  const protocol = chooseProtocol(BUILT_IN, facts(['MG']));

  it('hangs right beside left, CC over MLO, whatever the order of the series', () => {
    const stage = firstStage(protocol ? usableStages(protocol, views) : [], views);
    expect(keys(assign(stage?.screens[0]?.cells ?? [], views))).toEqual(['rcc', 'lcc', 'rmlo', 'lmlo']);
    expect(stage?.sameScale).toBe(true);
  });

  it('leaves the place of a view that was not taken empty, and never puts another there', () => {
    const three = views.filter(({ key }) => key !== 'lcc');
    const stage = firstStage(protocol ? usableStages(protocol, three) : [], three);
    expect(keys(assign(stage?.screens[0]?.cells ?? [], three))).toEqual(['rcc', null, 'rmlo', 'lmlo']);
  });
});

describe('giving images to cells', () => {
  it('pairs a series with the one of the prior most like it', () => {
    const all = [candidate('thin', { modality: 'CT', description: 'nguc 1 mm', images: 300 }),
      candidate('scout', { prior: 1, modality: 'CT', description: 'scout', images: 2 }),
      candidate('prior thin', { prior: 1, modality: 'CT', description: 'nguc 1 mm', images: 280 }),
      candidate('prior bone', { prior: 1, modality: 'CT', description: 'xuong 3 mm', images: 90 })];
    expect(keys(assign([{}, { prior: 1, like: 0 }], all))).toEqual(['thin', 'prior thin']);
  });

  it('does not take the other breast or another view for a prior', () => {
    const all = [candidate('now', { laterality: 'L', view: 'CC' }), candidate('other side', { prior: 1, laterality: 'R', view: 'CC' }),
      candidate('other view', { prior: 1, laterality: 'L', view: 'MLO' })];
    expect(keys(assign([{}, { prior: 1, like: 0 }], all))).toEqual(['now', null]);
  });

  it('gives to those that ask before those that do not', () => {
    const all = [candidate('flair', { description: 'ax flair' }), candidate('t1', { description: 'ax t1' })];
    expect(keys(assign([{}, { words: ['flair'] }], all))).toEqual(['t1', 'flair']);
    expect(plain('Ngực Đứng')).toBe('nguc dung');
  });
});

describe('PET/CT with a prior', () => {
  const of = (prior: number, ...modalities: string[]): Candidate[] => modalities.map((modality) => candidate(`${modality}${prior}`, { modality, prior }));
  const shown = (all: readonly Candidate[]): (string | null)[] => {
    const protocol = chooseProtocol(BUILT_IN, facts(['CT', 'PT'], { prior: true }));
    const stage = firstStage(protocol ? usableStages(protocol, all) : [], all);
    return keys(assign(stage?.screens[0]?.cells ?? [], all));
  };

  it('has the earlier one beside or under it; of a prior CT, only that', () => {
    expect(shown([...of(0, 'CT', 'PT'), ...of(1, 'CT', 'PT')])).toEqual(['CT0', 'PT0', 'CT1', 'PT1']);
    expect(shown([...of(0, 'CT', 'PT'), ...of(1, 'CT')])).toEqual(['CT0', 'PT0', 'CT1']);
  });
});

describe('what a person has kept', () => {
  it('is read back as it was, without what makes no sense', () => {
    const cell = { modalities: ['CT'], right: 'L', bottom: 'P', voi: { center: -600, width: 1500, function: 'LINEAR' }, inverted: true, turn: { rotation: 90, flipped: true } };
    const odd = { right: 'X', voi: { center: 0, width: 0, function: 'LINEAR' }, turn: { rotation: 45 }, inverted: 'yes', align: 'top' };
    const stages = [{ screens: [{ rows: 1, columns: 2, cells: [cell, odd] }], least: 1, linked: true, sameScale: true }];
    const [read] = readProtocols({ protocols: [{ id: 'own', name: 'Phổi', when: { allModalities: ['PT', 'CT'], prior: false }, stages }] });
    expect(read?.when).toEqual({ allModalities: ['PT', 'CT'], prior: false });
    expect(read?.stages[0]?.screens[0]?.cells).toEqual([cell, {}]);
    expect(read?.stages[0]?.sameScale).toBe(true);
  });
});

describe('how an image stands', () => {
  const edges = (right: string, bottom: string): Parameters<typeof turnFor>[0] => {
    const opposite: Record<string, string> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' };
    return { right, bottom, left: opposite[right] ?? '', top: opposite[bottom] ?? '' };
  };

  it('is left alone where it is right', () => {
    expect(turnFor(edges('P', 'L'), { right: 'P', bottom: 'L' })).toEqual({ rotation: 0, flipped: false });
  });

  it('is mirrored, turned, or both, so that the wanted letters are at the edges', () => {
    expect(turnFor(edges('A', 'L'), { right: 'P', bottom: 'L' })).toEqual({ rotation: 0, flipped: true });
    expect(turnFor(edges('A', 'R'), { right: 'P', bottom: 'L' })).toEqual({ rotation: 180, flipped: false });
    for (const start of [edges('L', 'P'), edges('R', 'A'), edges('P', 'R'), edges('A', 'L')]) {
      const turn = turnFor(start, { right: 'P', bottom: 'L' });
      expect(turn).not.toBeNull();
      if (turn) expect(turnedLetters(start, turn)).toMatchObject({ right: 'P', bottom: 'L' });
    }
  });

  it('is not guessed where the header does not tell', () => {
    expect(turnFor({ left: '', right: '', top: '', bottom: '' }, { right: 'P' })).toBeNull();
    expect(turnFor(edges('L', 'F'), { right: 'P', bottom: 'L' })).toBeNull();
  });

  it('lies at the edge of its cell', () => {
    // 100×200 pixels at 2 CSS pixels each in a cell of 500×400, now in the middle: from 150 to 350.
    const [image, cell, turn] = [{ columns: 100, rows: 200, aspect: 1 }, { width: 500, height: 400 }, { rotation: 0, flipped: false } as const];
    expect(fittedZoom(image, turn, cell)).toBe(2);
    expect(centreAtEdge(image, turn, 2, cell, 'right')).toEqual([-25, 100]);
    expect(centreAtEdge(image, turn, 2, cell, 'left')).toEqual([125, 100]);
  });

  it('has one scale in every cell: the smallest that fits', () => {
    expect(sameScale([4, 2, 8])).toEqual([0.5, 1, 0.25]);
  });
});
