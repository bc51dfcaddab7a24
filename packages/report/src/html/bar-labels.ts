import { type Box, boxOf, overlaps } from './arc-label.ts'
import { BAR, type Bar } from './cycle-arcs.ts'
import { type Covers, type End, routesOf } from './route.ts'

/** Rough width of a character of the drawing's labels, in pixels. */
export const CHARACTER = 7
/** How much wider bold letters are. */
export const BOLD = 1.1
/** Minimum distance between labels of one lane, in pixels. */
const GAP = 12

export interface LabelText {
  readonly text: string
  readonly isBold: boolean
  /**
   * The node's name. It is on the other side of the bar than `text`: below if `text` is above, and above if `text` is
   * below.
   */
  readonly node: string
}

interface Label extends LabelText {
  readonly half: number
  /** Its middle. */
  readonly x: number
  readonly above: boolean
}

export interface LabelledBar extends Bar {
  readonly label: Label
}

/** Places a label above its bar, or below if an earlier label is in the way. */
export function labelled(
  bars: readonly Bar[],
  textOf: (bar: Bar) => LabelText,
  { left, right }: Pick<Box, 'left' | 'right'>,
): readonly LabelledBar[] {
  const done: LabelledBar[] = []
  for (const bar of bars) {
    const label = textOf(bar)
    const half = (label.text.length * CHARACTER * (label.isBold ? BOLD : 1)) / 2
    const x = Math.min(Math.max((bar.x1 + bar.x2) / 2, left + half), right - half)
    const isTaken = (above: boolean): boolean =>
      done.some(
        (other) =>
          other.label.above === above && other.lane === bar.lane && x - half - GAP < other.label.x + other.label.half,
      )
    done.push({ ...bar, label: { ...label, half, x, above: !isTaken(true) || isTaken(false) } })
  }
  return done.map((bar, i) => (isNodeFree(done, i) ? bar : { ...bar, label: { ...bar.label, node: '' } }))
}

/** Whether the node's name covers no label. If it covers one, the name is only in the list of steps. */
function isNodeFree(bars: readonly LabelledBar[], at: number): boolean {
  const bar = bars[at]
  if (bar === undefined) return false
  const { node, label } = boxesOf(bar)
  return !bars.some((other, i) => i !== at && overlaps(node, boxesOf(other).label)) && !overlaps(node, label)
}

/** Labels move only if the arcs' penalties become smaller by at least this many pixels in total. */
const WORTH = 100
/**
 * Maximum number of arcs for which labels move. With more arcs, the drawing is crowded anyway, and the search takes
 * long.
 */
const MOST_ARCS = 8

/** Moves labels to the other side of bars where arcs would cross them or take long detours. */
export function labelsClearOfArcs(
  bars: readonly LabelledBar[],
  arcsBetween: (bars: readonly LabelledBar[]) => readonly (readonly [from: End, to: End])[],
  bounds: Box,
): readonly LabelledBar[] {
  const pairs = arcsBetween(bars)
  if (pairs.length > MOST_ARCS) return bars
  const troubleOf = (placed: readonly LabelledBar[]): number =>
    routesOf(pairs, coversOf(placed, bounds)).reduce((sum, { trouble }) => sum + trouble, 0)
  let [best, least] = [bars, troubleOf(bars)]
  for (const [i] of bars.entries()) {
    if (least < WORTH) break
    const turned = best.map((bar, at) => (at === i ? turnedOver(bar) : bar))
    if (!isFree(turned, i)) continue
    const trouble = troubleOf(turned)
    if (trouble < least - WORTH) [best, least] = [turned, trouble]
  }
  return best
}

const turnedOver = (bar: LabelledBar): LabelledBar => ({ ...bar, label: { ...bar.label, above: !bar.label.above } })

function isFree(bars: readonly LabelledBar[], at: number): boolean {
  const bar = bars[at]
  if (bar === undefined) return false
  const own = textsAt(bar)
  return !bars.some(
    (other, i) =>
      i !== at && [...textsAt(other), boxOfBar(other)].some((box) => own.some((text) => overlaps(box, text))),
  )
}

/** Returns the areas of the bars and their labels. */
export const coversOf = (bars: readonly LabelledBar[], bounds: Box): Covers => ({
  arcs: [],
  bounds,
  bars: bars.map(boxOfBar),
  texts: bars.flatMap(textsAt),
})

const boxOfBar = ({ x1, x2, y }: Bar): Box => ({ left: x1, right: x2, top: y - BAR / 2, bottom: y + BAR / 2 })

const textsAt = (bar: LabelledBar): Box[] => Object.values(boxesOf(bar)).filter(({ left, right }) => left < right)

function boxesOf({ y, label: { half, x, above, node } }: LabelledBar): { readonly label: Box; readonly node: Box } {
  const [over, under] = [y - BAR / 2 - 6, y + BAR / 2 + 14]
  return {
    label: boxOf({ x, y: above ? over : under }, half * 2),
    node: boxOf({ x, y: above ? under : over }, node.length * CHARACTER),
  }
}
