import { describe, expect, it } from 'vitest';

import { columnsOf, FEW_COLUMNS, moved, readColumns, USUAL_COLUMNS } from './columns';

describe('the columns of the study list', () => {
  it('are those that were chosen, in their order, whatever was kept', () => {
    expect(readColumns({ columns: ['date', 'patient', 'accession'] }).columns).toEqual(['date', 'patient', 'accession']);
    expect(readColumns({ columns: ['date', 'nonsense', 7] }).columns).toEqual(['patient', 'date']);
    for (const kept of [null, {}, { columns: 'date' }, { columns: [] }, 7]) expect(readColumns(kept).columns).toEqual([]);
  });

  it('are the usual ones until some are chosen; cards always have them', () => {
    expect(columnsOf({ columns: [] }, 'wide')).toBe(USUAL_COLUMNS);
    expect(columnsOf({ columns: [] }, 'narrow')).toBe(FEW_COLUMNS);
    expect(columnsOf({ columns: ['patient', 'date'] }, 'narrow')).toEqual(['patient', 'date']);
    expect(columnsOf({ columns: ['patient', 'date'] }, 'cards')).toBe(USUAL_COLUMNS);
  });

  it('change places one by one', () => {
    expect(moved(['patient', 'date', 'images'], 'date', 1)).toEqual(['patient', 'images', 'date']);
    expect(moved(['patient', 'date', 'images'], 'date', -1)).toEqual(['date', 'patient', 'images']);
    expect(moved(['patient', 'date'], 'date', 1)).toEqual(['patient', 'date']);
  });
});
