/** The hanging protocols that come with the product. Patient's right at the left of the screen, breasts back to back. */
import type { CellRule, Protocol, Screen, Stage } from './protocol';

const screen = (rows: number, columns: number, cells: readonly CellRule[]): Screen => ({ rows, columns, cells });
const stage = (one: Screen, more: Partial<Omit<Stage, 'screens'>> = {}, second?: Screen): Stage => ({
  screens: second ? [one, second] : [one], least: one.cells.length, ...more,
});
const next = (count: number): readonly CellRule[] => Array.from({ length: count }, () => ({}));

const STACKS: readonly Stage[] = [stage(screen(1, 1, next(1))), stage(screen(1, 2, next(2)), { linked: true }), stage(screen(2, 2, next(4)), { linked: true })];

/** A series and the one of the prior most like it, moving together. */
const WITH_PRIOR: readonly Stage[] = [
  stage(screen(1, 2, [{}, { prior: 1, like: 0 }]), { linked: true }, screen(1, 1, [{ prior: 1 }])),
  stage(screen(2, 2, [{}, {}, { prior: 1, like: 0 }, { prior: 1, like: 1 }]), { linked: true }),
  stage(screen(1, 1, next(1))),
];

const MR: readonly Stage[] = [
  stage(screen(2, 3, next(6)), { linked: true, least: 5 }), stage(screen(2, 2, next(4)), { linked: true, least: 3 }),
  stage(screen(1, 2, next(2)), { linked: true }), stage(screen(1, 1, next(1))),
];
const MR_WITH_PRIOR: readonly Stage[] = [
  ...WITH_PRIOR.slice(0, 1),
  stage(screen(2, 3, [{}, {}, {}, { prior: 1, like: 0 }, { prior: 1, like: 1 }, { prior: 1, like: 2 }]), { linked: true }),
  ...WITH_PRIOR.slice(1),
];

const CT: CellRule = { modalities: ['CT'] };
const PET: CellRule = { modalities: ['PT'] };
const PET_CT: readonly Stage[] = [stage(screen(1, 2, [CT, PET]), { linked: true }), stage(screen(1, 1, [PET]))];

const FRONTAL: CellRule = { views: ['PA', 'AP'], right: 'L', bottom: 'F' };
const LATERAL: CellRule = { views: ['LL', 'RL', 'LLD', 'RLD', 'LATERAL', 'LAT'] };
const XR = ['CR', 'DX', 'RG'];

/** The chest wall to the middle, the side away from the middle (CC) or the foot end (MLO) as it always hangs. */
const BREASTS = {
  rcc: { laterality: 'R', views: ['CC'], right: 'P', bottom: 'L', align: 'right' },
  lcc: { laterality: 'L', views: ['CC'], right: 'A', bottom: 'R', align: 'left' },
  rmlo: { laterality: 'R', views: ['MLO'], right: 'P', bottom: 'F', align: 'right' },
  lmlo: { laterality: 'L', views: ['MLO'], right: 'A', bottom: 'F', align: 'left' },
} as const satisfies Readonly<Record<string, CellRule>>;
const earlier = (rule: CellRule): CellRule => ({ ...rule, prior: 1 });
const { rcc, lcc, rmlo, lmlo } = BREASTS;
const FOUR_VIEWS = screen(2, 2, [rcc, lcc, rmlo, lmlo]);
const FOUR_PRIOR_VIEWS = screen(2, 2, [earlier(rcc), earlier(lcc), earlier(rmlo), earlier(lmlo)]);
const SAME = { sameScale: true, least: 2 } as const;
const PAIRS: readonly Stage[] = [
  stage(screen(1, 2, [rcc, lcc]), SAME), stage(screen(1, 2, [rmlo, lmlo]), SAME),
  stage(screen(1, 2, [rcc, rmlo]), SAME), stage(screen(1, 2, [lcc, lmlo]), SAME),
];

export const BUILT_IN: readonly Protocol[] = [
  { id: 'pet_ct', when: { allModalities: ['PT', 'CT'] }, stages: PET_CT },
  { id: 'pet_ct_prior', when: { allModalities: ['PT', 'CT'], prior: true }, stages: [
    stage(screen(2, 2, [CT, PET, { ...CT, prior: 1 }, { ...PET, prior: 1 }]), { linked: true }, screen(1, 2, [{ ...CT, prior: 1 }, { ...PET, prior: 1 }])),
    // A prior without PET: its CT stands beside both.
    stage(screen(1, 3, [CT, PET, { ...CT, prior: 1 }]), { linked: true }),
    stage(screen(1, 2, [PET, { ...PET, prior: 1 }]), { linked: true }),
    ...PET_CT,
  ] },
  { id: 'mammogram', when: { modalities: ['MG'] }, stages: [stage(FOUR_VIEWS, { ...SAME, least: 3 }), ...PAIRS, stage(screen(1, 1, next(1)))] },
  { id: 'mammogram_prior', when: { modalities: ['MG'], prior: true }, stages: [
    stage(FOUR_VIEWS, { ...SAME, least: 3 }, FOUR_PRIOR_VIEWS),
    stage(screen(2, 4, [...FOUR_VIEWS.cells, ...FOUR_PRIOR_VIEWS.cells]), { ...SAME, least: 5 }),
    stage(screen(2, 2, [rcc, lcc, earlier(rcc), earlier(lcc)]), SAME), stage(screen(2, 2, [rmlo, lmlo, earlier(rmlo), earlier(lmlo)]), SAME),
    ...PAIRS,
  ] },
  { id: 'radiograph', when: { modalities: XR }, stages: [
    stage(screen(1, 2, [FRONTAL, LATERAL])), stage(screen(1, 1, [FRONTAL])), stage(screen(1, 1, next(1))), stage(screen(1, 2, next(2))), stage(screen(2, 2, next(4))),
  ] },
  { id: 'radiograph_prior', when: { modalities: XR, prior: true }, stages: [
    stage(screen(1, 2, [FRONTAL, { ...FRONTAL, prior: 1 }]), { sameScale: true }, screen(1, 1, [{ ...FRONTAL, prior: 1 }])),
    stage(screen(1, 2, [{}, { prior: 1, like: 0 }]), { sameScale: true }),
    stage(screen(2, 2, [FRONTAL, LATERAL, { ...FRONTAL, prior: 1 }, { ...LATERAL, prior: 1 }]), { sameScale: true }),
    stage(screen(1, 1, [FRONTAL])),
  ] },
  { id: 'ct', when: { modalities: ['CT'] }, stages: STACKS },
  { id: 'ct_prior', when: { modalities: ['CT'], prior: true }, stages: WITH_PRIOR },
  { id: 'mr', when: { modalities: ['MR'] }, stages: MR },
  { id: 'mr_prior', when: { modalities: ['MR'], prior: true }, stages: MR_WITH_PRIOR },
  { id: 'ultrasound', when: { modalities: ['US'] }, stages: [stage(screen(1, 1, next(1))), stage(screen(1, 2, next(2))), stage(screen(2, 2, next(4)))] },
  { id: 'angiogram', when: { modalities: ['XA', 'RF'] }, stages: [stage(screen(1, 1, next(1))), stage(screen(1, 2, next(2))), stage(screen(2, 2, next(4)))] },
  { id: 'any', when: {}, stages: [stage(screen(1, 1, next(1))), stage(screen(1, 2, next(2))), stage(screen(2, 2, next(4)))] },
];
