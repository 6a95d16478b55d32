/** A DICOM person name (PS3.5 §6.2.1, VR PN) as people read it. */

/**
 * The alphabetic group of a stored PN with its carets taken away: family, given and middle name in the stored order (which
 * is how Vietnamese names are written), then prefix and suffix behind a comma. The stored case is kept.
 * `NGUYỄN^VĂN^ĐỨC` → `NGUYỄN VĂN ĐỨC`; `Doe^John^^Dr` → `Doe John, Dr`. An empty name gives an empty text.
 */
export function personName(stored: string): string {
  const groups = stored.split('=').map(oneGroup);
  return groups.find((group) => group !== '') ?? '';
}

function oneGroup(group: string): string {
  const parts = group.split('^').map((part) => part.trim().replace(/\s+/g, ' '));
  const name = parts.slice(0, 3).filter(Boolean).join(' ');
  const honorifics = parts.slice(3).filter(Boolean).join(' ');
  return [name, honorifics].filter(Boolean).join(', ');
}
