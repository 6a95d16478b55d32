/** A list that is read page by page, and what was done to its rows since. */
import { useEffect, useState } from 'preact/hooks';

import { noticeSignedOut, onResume } from '../session';

export const PAGE = 50;

export interface ListPage<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

export type RowOf<Page extends ListPage<unknown>> = Page['rows'][number];

export interface Listing<Page extends ListPage<unknown>> {
  readonly state: 'loading' | 'ready' | 'failed';
  /** The first page, with what it says of the whole. */
  readonly page: Page | null;
  readonly rows: readonly RowOf<Page>[];
  readonly total: number;
  readonly more: () => void;
  readonly reload: () => void;
  /** Show another row in the place of those it stands for. */
  readonly replace: (change: (row: RowOf<Page>) => RowOf<Page>) => void;
}

type Read<Page> = (limit: number, offset: number, signal: AbortSignal) => Promise<Page>;

/** `subject` names what is listed: another one is read anew. */
export function useListing<Page extends ListPage<unknown>>(subject: string, read: Read<Page>): Listing<Page> {
  const [state, setState] = useState<Listing<Page>['state']>('loading');
  const [page, setPage] = useState<Page | null>(null);
  const [rows, setRows] = useState<readonly RowOf<Page>[]>([]);
  const [generation, setGeneration] = useState(0);
  const load = (offset: number, signal: AbortSignal): void => {
    read(PAGE, offset, signal).then(
      (found) => {
        setPage(found);
        setRows((before) => (offset === 0 ? found.rows : [...before, ...found.rows]));
        setState('ready');
      },
      (reason: unknown) => {
        if (!signal.aborted && !noticeSignedOut(reason)) setState('failed');
      },
    );
  };
  useEffect(() => {
    setState('loading');
    setRows([]);
    setPage(null);
  }, [subject]);
  useEffect(() => {
    const abort = new AbortController();
    load(0, abort.signal);
    return () => abort.abort();
  }, [subject, generation]);
  const reload = (): void => setGeneration((before) => before + 1);
  useEffect(() => onResume(reload), []);
  return {
    state, page, rows, total: page?.total ?? 0, reload,
    more: () => load(rows.length, new AbortController().signal),
    replace: (change) => setRows((before) => before.map(change)),
  };
}
