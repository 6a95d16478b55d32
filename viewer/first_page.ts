/** Which modules the first page needs: all that its entry imports without asking later. They are one file. */
import type { Rolldown } from 'vite';

/** The entry, and what it imports statically, at any depth. */
function needed(context: Rolldown.ChunkingContext, entry: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [entry];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(context.getModuleInfo(id)?.importedIds ?? []));
  }
  return found;
}

/** Names the chunk of each module of the first page: each further file costs its head, and repeats what the others say. */
export function firstPage(entry: string): (id: string, context: Rolldown.ChunkingContext) => string | null {
  let modules: ReadonlySet<string> | null = null;
  return (id, context) => {
    modules ??= needed(context, entry);
    return modules.has(id) ? 'shell' : null;
  };
}
