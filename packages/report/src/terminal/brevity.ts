/** What a page leaves out so that it can be read at a glance. */
export interface Brevity {
  /** Whether the page omits all further contradictions except that of the weakest level. */
  readonly others: boolean
  /** Whether the page omits the places and reasons of levels. Levels of equal verdict then share a line. */
  readonly reasons: boolean
  /** Whether the page omits figures that are in the report. */
  readonly figures: boolean
  /** Whether the page omits the table of phases and shows only their availabilities. */
  readonly phases: boolean
  /**
   * Whether the page also omits the remaining contradictions, the numbers of faults and stale reads, and the count of
   * other messages.
   */
  readonly remainder: boolean
  /**
   * Whether a picture of more than three operations becomes a list, and a smaller picture omits the faults that its
   * title names. The page then also omits counts that it shows elsewhere.
   */
  readonly picture: boolean
}

export const whole: Brevity = {
  ...{ others: false, reasons: false, figures: false },
  ...{ phases: false, remainder: false, picture: false },
}

/** The levels of brevity. Each level omits one further part, the least important part first. */
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

/**
 * Returns the page with the fewest omissions that has at most 40 lines, or else the shortest page. The page ends in a
 * newline.
 */
export function atAGlance(draw: (brevity: Brevity) => string): string {
  let page = ''
  for (const brevity of steps) {
    page = draw(brevity)
    if (page.split('\n').length - 1 <= MOST_LINES) break
  }
  return page
}
