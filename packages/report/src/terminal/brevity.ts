/** What a page leaves out to be read at a glance. */
export interface Brevity {
  /** Of the other contradictions, all but that of the weakest level. */
  readonly others: boolean
  /** The places and reasons of levels, which then share a line for each verdict. */
  readonly reasons: boolean
  /** Figures that the report has as well. */
  readonly figures: boolean
  /** The table of phases, all but their availabilities. */
  readonly phases: boolean
  /** What is left of the above: any other contradiction, the faults and stale reads in numbers, messages that are only counted. */
  readonly remainder: boolean
  /** The picture of more than three operations, which are listed instead; of fewer, the faults that its title names. Also counts that the page has. */
  readonly picture: boolean
}

export const whole: Brevity = {
  ...{ others: false, reasons: false, figures: false },
  ...{ phases: false, remainder: false, picture: false },
}

/** The least important goes first. */
const steps: readonly Brevity[] = [
  whole,
  { ...whole, others: true },
  { ...whole, others: true, reasons: true },
  { ...whole, others: true, reasons: true, figures: true },
  { ...whole, others: true, reasons: true, figures: true, phases: true },
  { ...whole, others: true, reasons: true, figures: true, phases: true, remainder: true },
  { others: true, reasons: true, figures: true, phases: true, remainder: true, picture: true },
]

/** A violation is read on one screen. */
const MOST_LINES = 40

/** The page that leaves out as little as it takes to be 40 lines long, if any is. It ends in a newline. */
export function atAGlance(draw: (brevity: Brevity) => string): string {
  let page = ''
  for (const brevity of steps) {
    page = draw(brevity)
    if (page.split('\n').length - 1 <= MOST_LINES) break
  }
  return page
}
