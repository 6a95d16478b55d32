/** The JSON API of what is taken over from other archives' servers. */
import { json, request } from '../api';

export type ImportState = 'running' | 'comparing' | 'following' | 'complete' | 'stopped' | 'failed' | 'cancelled';

export interface ServerImport {
  readonly id: number;
  readonly address: string;
  readonly state: ImportState;
  /** Somebody works on it now. */
  readonly is_active: boolean;
  readonly facility_code: string;
  readonly instances_there: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly gone: number;
  readonly unproven: number;
  readonly refused: number;
  readonly bytes: number;
  readonly studies_there: number;
  readonly studies_compared: number;
  readonly studies_complete: number;
  readonly incomplete: number;
  readonly error: string;
  readonly updated_at: string;
}

export interface Problem {
  readonly kind: 'instance' | 'study';
  readonly subject: string;
  readonly reason: string;
}

export async function listImports(signal: AbortSignal): Promise<readonly ServerImport[]> {
  return (await json<{ readonly imports: readonly ServerImport[] }>('/api/imports', { signal })).imports;
}

export async function problemsOf(id: number): Promise<readonly Problem[]> {
  return (await json<{ readonly problems: readonly Problem[] }>(`/api/imports/${String(id)}`)).problems;
}

export async function cancelImport(id: number): Promise<void> {
  await request(`/api/imports/${String(id)}`, { method: 'DELETE' });
}
