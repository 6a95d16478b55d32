/** What key images are chosen for (PS3.16 CID 7010), most used first. */
export const KEY_TITLES = [
  '113000', '113020', '113002', '113003', '113004', '113005', '113006', '113007', '113008', '113009', '113013', '113018',
  '113010', '113001', '113021',
] as const;
export type KeyTitle = (typeof KEY_TITLES)[number];

export function isKeyTitle(code: string): code is KeyTitle {
  return (KEY_TITLES as readonly string[]).includes(code);
}
