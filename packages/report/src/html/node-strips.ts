import { byName, type History, moment } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import { nameText } from '../operation-words.ts'
import { clip } from '../terminal/width.ts'
import type { Binned } from './bins.ts'
import { type Html, html, round, svgPath, svgText } from './markup.ts'

export interface NodeStrip {
  readonly node: string
  /** Count of operations by bin; `answered`: those with an answer. */
  readonly called: Uint32Array
  readonly answered: Uint32Array
}

/** More strips would be unreadable. */
const MOST_STRIPS = 9
export const STRIP_HEIGHT = 20

/** Returns the strips of all nodes by name, unless there is one node or too many. */
export function nodeStripsOf({ nodes }: Pick<History, 'nodes'>, { called, answered }: Binned): readonly NodeStrip[] {
  if (nodes.length < 2 || nodes.length > MOST_STRIPS) return []
  const none = new Uint32Array()
  const strips = nodes.map((node, i) => ({ node, called: called[i] ?? none, answered: answered[i] ?? none }))
  return strips.sort((a, b) => byName(a.node, b.node))
}

interface Place {
  readonly top: number
  readonly left: number
  readonly right: number
  /** Nanoseconds per bin. */
  readonly width: number
  readonly x: (time: number) => number
}

const STOPPING: ReadonlySet<string> = new Set(['kill', 'crash', 'restart', 'pause'])

/**
 * Draws a strip for each node. Its height is the share of requests that were answered. Bars at its foot show when the
 * node was down (dark), starting (outlined) or partitioned from at least half of the others (hatched).
 */
export function nodeStrips(strips: readonly NodeStrip[], spans: readonly FaultSpan[], place: Place): Html | undefined {
  if (strips.length === 0) return undefined
  const { top, left, right, x } = place
  return html`<pattern id="cut-off" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V5" class="hatch"/></pattern>${strips.map(
    (strip, i) => {
      const bottom = top + (i + 1) * STRIP_HEIGHT - 4
      return html`${svgText('row-name', 0, bottom, clip(nameText(strip.node), 14))}${svgPath('answered', answeredPath(strip, bottom, place))}${svgPath('grid', html`M${left} ${bottom}H${right}`)}${spans.flatMap(
        (span) => {
          const isDown = STOPPING.has(span.kind) && span.nodes.includes(strip.node)
          if (!isDown && !isCutOff(strip.node, span, strips.length)) return []
          const started = isDown ? span.startingFrom : undefined
          const bar = (className: string, from: number, to: number, text: string): Html => {
            const [x1, x2] = [x(from), Math.max(x(from) + 1.5, x(to))]
            return html`<rect class="${className}" x="${x1}" y="${bottom - 5}" width="${x2 - x1}" height="5"><title>${text}, ${moment(from)} to ${moment(to)}</title></rect>`
          }
          return [
            bar(isDown ? 'down' : 'cut-off', span.from, started ?? span.to, span.label),
            ...(started === undefined ? [] : [bar('starting', started, span.to, `${nameText(strip.node)} starting`)]),
          ]
        },
      )}`
    },
  )}`
}

function isCutOff(node: string, { kind, links }: FaultSpan, nodes: number): boolean {
  if (kind !== 'partition') return false
  const others = new Set(
    links
      .flatMap(({ from, to }) => (from === node ? [to] : to === node ? [from] : []))
      .filter((other) => other !== node),
  )
  return others.size * 2 >= nodes - 1 && others.size > 0
}

function answeredPath({ called, answered }: NodeStrip, bottom: number, { width, x }: Place): string {
  const height = STRIP_HEIGHT - 6
  let path = ''
  for (const [i, amount] of called.entries()) {
    if (amount === 0) continue
    const high = ((answered[i] ?? 0) / amount) * height
    if (high > 0)
      path += `M${round(x(i * width))} ${bottom}v${-round(high)}H${round(x((i + 1) * width))}v${round(high)}z`
  }
  return path
}
