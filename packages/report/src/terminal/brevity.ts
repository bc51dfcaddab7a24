/** What a page leaves out so that it can be read at a glance. */
export interface Brevity {
  /** Whether the page omits contradictions other than the drawn one and that of the weakest level. */
  readonly others: boolean
  /** Whether the page omits the reasons of levels. */
  readonly reasons: boolean
  /** Whether the page omits figures that are in the report. */
  readonly figures: boolean
  /** Whether the page shows only the availabilities of the phases. */
  readonly phases: boolean
  /** Whether the page omits minor counts, and all contradictions other than the drawn one. */
  readonly remainder: boolean
  /** Whether pictures of more than a few operations become lists. */
  readonly picture: boolean
}

export const whole: Brevity = {
  ...{ others: false, reasons: false, figures: false },
  ...{ phases: false, remainder: false, picture: false },
}

/** Each level of brevity omits one further part, the least important part first. */
const steps: readonly Brevity[] = [
  whole,
  { ...whole, others: true },
  { ...whole, others: true, reasons: true },
  { ...whole, others: true, reasons: true, figures: true },
  { ...whole, others: true, reasons: true, figures: true, phases: true },
  { ...whole, others: true, reasons: true, figures: true, phases: true, remainder: true },
  { others: true, reasons: true, figures: true, phases: true, remainder: true, picture: true },
]

/** Maximum number of lines, so that a violation fits one screen. */
const MOST_LINES = 40

/** Returns the page with the fewest omissions that fits the screen, or else the shortest page. */
export function atAGlance(draw: (brevity: Brevity) => string): string {
  let page = ''
  for (const brevity of steps) {
    page = draw(brevity)
    if (page.split('\n').length - 1 <= MOST_LINES) break
  }
  return page
}
