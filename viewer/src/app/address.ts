/** Addresses of our own pages. */

/** A `next=` that stays on this site: a path of ours, never another host. */
export function safeNext(next: string | null, origin: string): string {
  if (!next?.startsWith('/')) return '/';
  try {
    const target = new URL(next, origin);
    return target.origin === origin && target.pathname !== '/sign-in' ? target.pathname + target.search + target.hash : '/';
  } catch {
    return '/';
  }
}

export function viewerAddress(studyInstanceUids: readonly string[], seriesInstanceUid?: string): string {
  const series = seriesInstanceUid === undefined ? '' : `&SeriesInstanceUID=${encodeURIComponent(seriesInstanceUid)}`;
  return `/viewer?StudyInstanceUIDs=${studyInstanceUids.map(encodeURIComponent).join(',')}${series}`;
}

/** The query parameter that holds what a link to a view says. */
export const LINK_PARAMETER = 'view';
