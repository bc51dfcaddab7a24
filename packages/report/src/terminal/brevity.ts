/** The parts that a page may omit, the least important first. */
const PARTS = [
  // All contradictions except two: the drawn one, and the contradiction of the weakest violated level.
  'others',
  // The reasons for the verdicts on the levels.
  'reasons',
  // Numbers, such as latencies, that the HTML report also shows.
  'figures',
  // All figures of the phases except their availabilities.
  'phases',
  // Details of minor importance, such as settings, and every contradiction except the one that the page draws.
  'remainder',
  // The picture of a contradiction, if it has more than a few operations. The operations are listed instead.
  'picture',
] as const

/** What a page leaves out so that it can be read at a glance. */
export type Brevity = { readonly [part in (typeof PARTS)[number]]: boolean }

const without = (parts: number): Brevity => Object.fromEntries(PARTS.map((part, i) => [part, i < parts])) as Brevity

export const whole: Brevity = without(0)

/** Maximum number of lines, so that a violation fits one screen. */
const MOST_LINES = 40

/** Returns the page with the fewest omissions that fits the screen, or else the shortest page. */
export function atAGlance(draw: (brevity: Brevity) => string): string {
  let page = ''
  for (let parts = 0; parts <= PARTS.length; parts++) {
    page = draw(without(parts))
    if (page.split('\n').length - 1 <= MOST_LINES) break
  }
  return page
}
