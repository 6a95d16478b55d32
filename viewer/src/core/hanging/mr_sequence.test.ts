import { describe, expect, it } from 'vitest';

import { plain } from './match';
import { inMrOrder, mrPlane, mrSequence, statedContrast } from './mr_sequence';

const kind = (description: string, contrast = false): string => mrSequence({ description: plain(description), contrast });
const inOrder = (part: string, ...all: string[]): readonly string[] => inMrOrder(all, (one) => ({ description: plain(one), contrast: false }), part);

describe('what an MR series is weighted for', () => {
  it.each([
    ['T1 SE SAG', 'T1'], ['t1_mprage_sag_p2_iso', 'T1'], ['AX T1 FSPGR +C', 'T1_POST'], ['T1W TSE TRA sau tiêm', 'T1_POST'], ['Ax T1 post Gd', 'T1_POST'],
    ['T1 không tiêm thuốc', 'T1'], ['T1 trước tiêm', 'T1'], ['Cor T1 w/o contrast', 'T1'], ['T1 posterior fossa', 'T1'],
    ['T2 TSE TRA', 'T2'], ['t2_tirm_tra_dark-fluid', 'FLAIR'], ['AX T2 FLAIR', 'FLAIR'], ['FLAIR post contrast', 'FLAIR'], ['STIR SAG', 'STIR'], ['t2_stir_cor', 'STIR'],
    ['PD FS SAG', 'PD'], ['ep2d_diff_3scan_trace', 'DWI'], ['DWI b1000', 'DWI'], ['ep2d_diff_3scan_trace_ADC', 'ADC'], ['eADC', 'ADC'], ['AX SWI', 'SWI'],
    ['T2* GRE', 'SWI'], ['3D TOF MRA', 'MRA'], ['Perfusion DSC', 'PERFUSION'], ['Khuếch tán', 'DWI'], ['localizer', ''], ['', ''],
  ])('%s: %s', (description, sequence) => expect(kind(description)).toBe(sequence));

  it('is asked of the header only where the description is silent', () => {
    expect(kind('T1 TRA', true)).toBe('T1_POST');
    expect(kind('T1 TRA pre', true)).toBe('T1');
    expect(kind('T2 TRA', true)).toBe('T2');
    expect(statedContrast('t1 tra')).toBeNull();
    expect(mrPlane('t2_tse_cor')).toBe('coronal');
  });
});

describe('the order of reading', () => {
  it('is T1, T2, FLAIR, DWI, ADC, T1 with the medium; then what there is twice', () => {
    expect(inOrder('BRAIN', 'AX T1 +C', 'ADC', 'SAG T1', 'AX FLAIR', 'AX DWI', 'AX T2', 'AX T1', 'AAHead', 'COR T1 +C'))
      .toEqual(['AX T1', 'AX T2', 'AX FLAIR', 'AX DWI', 'ADC', 'AX T1 +C', 'SAG T1', 'COR T1 +C', 'AAHead']);
  });

  it('goes by the part of the body', () => {
    expect(inOrder('LSPINE', 'SAG T1', 'SAG STIR', 'AX T2', 'SAG T2')).toEqual(['SAG T2', 'SAG T1', 'SAG STIR', 'AX T2']);
    expect(inOrder('KNEE', 'T2 SAG', 'PD FS SAG', 'T1 COR')).toEqual(['PD FS SAG', 'T1 COR', 'T2 SAG']);
    expect(inOrder('', 'T2', 'T1')).toEqual(['T1', 'T2']);
  });
});
