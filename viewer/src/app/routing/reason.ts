/** Why something could not be sent, of the reasons that a person can do something about. */

const SAID = [
  ['unreachable', 'cannot be reached'],
  ['unresolved', 'cannot be resolved'],
  ['unregistered', 'is not registered'],
  ['rejected', 'refuses the association'],
  ['nothing', 'accepts none of the presentation contexts'],
  ['refused', ' refused: '],
  ['uncommitted', ' not committed: '],
  ['silent', 'did not answer in time'],
] as const;

export type Reason = (typeof SAID)[number][0];

/** The kind of a reason by the server's words for it; null: only the words themselves tell. */
export function reasonOf(error: string): Reason | null {
  return SAID.find(([, words]) => error.includes(words))?.[0] ?? null;
}
