/** What a page leaves out so that it can be read at a glance. */
export interface Brevity {
  /** Whether other contradictions are left out, except that of the weakest level. */
  readonly others: boolean
  /** Whether the places and reasons of levels are left out. The levels then share a line for each verdict. */
  readonly reasons: boolean
  /** Whether figures are left out that the report contains. */
  readonly figures: boolean
  /** Whether the table of phases is left out, except their availabilities. */
  readonly phases: boolean
  /**
   * Whether further parts of the above are left out: any other contradiction, the numbers of faults and stale reads,
   * and the count of other messages.
   */
  readonly remainder: boolean
  /**
   * Whether a picture of more than three operations becomes a list; for a smaller picture, whether the faults that its
   * title names are left out. Also leaves out counts that the page contains.
   */
  readonly picture: boolean
}

export const whole: Brevity = {
  ...{ others: false, reasons: false, figures: false },
  ...{ phases: false, remainder: false, picture: false },
}

/** The levels of brevity; each leaves out the least important of the remaining parts. */
const steps: readonly Brevity[] = [
  whole,
  { ...whole, others: true },
  { ...whole, others: true, reasons: true },
  { ...whole, others: true, reasons: true, figures: true },
  { ...whole, others: true, reasons: true, figures: true, phases: true },
  { ...whole, others: true, reasons: true, figures: true, phases: true, remainder: true },
  { others: true, reasons: true, figures: true, phases: true, remainder: true, picture: true },
]

/** Maximum number of lines: a violation fits one screen. */
const MOST_LINES = 40

/**
 * Returns the page with the least omissions that has at most 40 lines; if none has, the shortest. It ends in a newline.
 */
export function atAGlance(draw: (brevity: Brevity) => string): string {
  let page = ''
  for (const brevity of steps) {
    page = draw(brevity)
    if (page.split('\n').length - 1 <= MOST_LINES) break
  }
  return page
}
