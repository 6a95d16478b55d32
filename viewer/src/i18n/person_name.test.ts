import { describe, expect, it } from 'vitest';

import { personName } from './person_name';

describe('a person name', () => {
  it.each([
    ['NGUYỄN^VĂN^ĐỨC', 'NGUYỄN VĂN ĐỨC'],
    ['Nguyễn^Thị Kim^An', 'Nguyễn Thị Kim An'],
    ['NGUYEN VAN DUC', 'NGUYEN VAN DUC'],
    ['Doe^John^^Dr^Jr', 'Doe John, Dr Jr'],
    ['Yamada^Tarou=山田^太郎=やまだ^たろう', 'Yamada Tarou'],
    ['=山田^太郎', '山田 太郎'],
    ['^^^^', ''],
    ['', ''],
    [' LÊ ^  AN  ', 'LÊ AN'],
  ])('%s is read %s', (stored, shown) => expect(personName(stored)).toBe(shown));
});
