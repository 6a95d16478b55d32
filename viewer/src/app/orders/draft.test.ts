import { describe, expect, it } from 'vitest';

import type { Order } from './api';
import { bodyOf, draftOf, missingIn, newDraft, storedName } from './draft';

const NOW = new Date(2025, 10, 22, 7, 52);

describe('a name', () => {
  it('is stored with the family name first, and as it was where nobody touched it', () => {
    expect(storedName('  Nguyễn  Văn Đức ')).toBe('Nguyễn^Văn Đức');
    expect(storedName('Đức')).toBe('Đức');
    expect(storedName('DOE^JOHN')).toBe('DOE^JOHN');
    expect(storedName('NGUYỄN VĂN ĐỨC', 'NGUYỄN^VĂN^ĐỨC')).toBe('NGUYỄN^VĂN^ĐỨC');
  });
});

describe('a form', () => {
  it('says what is missing, of each step too', () => {
    const draft = newDraft(NOW);
    expect(draft.steps[0]).toMatchObject({ date: '2025-11-22', time: '08:00' });
    expect(missingIn(draft)).toEqual([['patient_name', 0], ['patient_id', 0], ['requested_procedure_description', 0], ['modality', 0]]);
  });

  it('becomes an order and is made of one without losing anything', () => {
    const [step] = newDraft(NOW).steps;
    if (step === undefined) throw new Error('no step');
    const draft = {
      ...newDraft(NOW), patient_name: 'Trần Thị Bình', patient_id: '0793', birthDate: '1985-12-30',
      requested_procedure_description: 'CT ngực', steps: [{ ...step, modality: 'CT', scheduled_station_ae_titles: ['CT1'] }],
    };
    const body = bodyOf(draft);
    expect(body).toMatchObject({ patient_name: 'Trần^Thị Bình', patient_birth_date: '19851230' });
    expect(body.steps[0]).toMatchObject({
      scheduled_procedure_step_start_date: '20251122', scheduled_procedure_step_start_time: '0800', scheduled_procedure_step_description: 'CT ngực',
    });
    expect(missingIn(draft)).toEqual([]);
    const order = {
      ...body, id: 1, version: 1, state: 'scheduled', facility: { code: 'A', name: '' }, studies: [], performed: [], created_at: '',
      created_by: '', updated_at: '', final_at: null, steps: body.steps.map((one) => ({ ...one, state: 'scheduled' })),
    } as unknown as Order;
    expect(bodyOf(draftOf(order), order)).toEqual(body);
  });
});
