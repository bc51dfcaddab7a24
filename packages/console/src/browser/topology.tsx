import { count, plural } from '@chaosproxy/history'
import type { JSX } from 'preact'
import type { Picked } from './actions.ts'
import { focusOn, INSPECTOR, nodeElement } from './focus.ts'
import type { FaultRow, Hello, NodeRow } from './frames.ts'
import { between, type Layout, layOut, type Place, type Point, stub } from './layout.ts'
import { offset } from './words.ts'

interface TopologyProps {
  readonly hello: Hello
  readonly nodes: readonly NodeRow[]
  readonly faults: readonly FaultRow[]
  readonly picked: Picked
  readonly isNarrow: boolean
  readonly pick: (picked: Picked) => void
  /** Called for a letter typed on a node. */
  readonly typed: (node: string, key: string) => void
}

/** Draws the nodes in a ring with their links, and clients' links as stubs. */
export function Topology(props: TopologyProps): JSX.Element {
  const { hello, isNarrow } = props
  const layout = layOut(hello.nodes, isNarrow)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be drawn
    <svg class="topology" viewBox={`0 0 ${layout.width} ${layout.height}`} role="group" aria-label="Nodes and links">
      <defs>
        <pattern id="apart" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0V7" class="hatch" />
        </pattern>
      </defs>
      {hello.meshed
        ? pairs(hello.nodes).map((pair) => <Link key={pair.join()} {...props} layout={layout} ends={pair} />)
        : null}
      {hello.nodes.map((node) => (
        <ClientLink key={node} {...props} layout={layout} node={node} />
      ))}
      {hello.nodes.map((node) => (
        <Node key={node} {...props} layout={layout} node={node} />
      ))}
    </svg>
  )
}

const pairs = (nodes: readonly string[]): readonly (readonly [string, string])[] =>
  nodes.flatMap((one, i) => nodes.slice(i + 1).map((other) => [one, other] as const))

type Condition = 'whole' | 'half' | 'cut' | 'hurt'

/**
 * Returns the state of a link: faults cut it in both directions (`cut`) or in one (`half`), affect it in another way
 * (`hurt`), or do not affect it (`whole`).
 */
function conditionOf(faults: readonly FaultRow[], one: string, other: string): Condition {
  const ways = [`${one}>${other}`, `${other}>${one}`]
  const cuts = faults.filter(({ kind }) => kind === 'partition' || kind === 'blackhole').flatMap(({ links }) => links)
  const cut = ways.filter((way) => cuts.includes(way)).length
  if (cut > 0) return cut === 2 ? 'cut' : 'half'
  return faults.some(({ links }) => links.some((link) => ways.includes(link))) ? 'hurt' : 'whole'
}

interface LinkProps extends TopologyProps {
  readonly layout: Layout
}

function Link({
  layout,
  ends,
  ...props
}: LinkProps & { readonly ends: readonly [string, string] }): JSX.Element | null {
  const [one, other] = ends
  const from = layout.places.get(one)
  const to = layout.places.get(other)
  if (from === undefined || to === undefined) return null
  return <Line {...props} line={between(from, to, layout.card)} from={one} to={other} />
}

function ClientLink({ layout, node, ...props }: LinkProps & { readonly node: string }): JSX.Element | null {
  const place = layout.places.get(node)
  if (place === undefined) return null
  return <Line {...props} line={stub(place, layout.card)} from="clients" to={node} />
}

interface LineProps extends TopologyProps {
  readonly line: ReturnType<typeof between>
  readonly from: string
  readonly to: string
}

function Line({ line: { x1, y1, x2, y2 }, from, to, faults, picked, pick, nodes }: LineProps): JSX.Element {
  const condition = conditionOf(faults, from, to)
  const isPicked = picked.type === 'link' && picked.from === from && picked.to === to
  const busy = from === 'clients' && (nodes.find(({ node }) => node === to)?.rate ?? 0) > 0
  const middle = { x: (x1 + x2) / 2, y: (y1 + y2) / 2 }
  const long = Math.hypot(x2 - x1, y2 - y1) || 1
  const across = { x: (-(y2 - y1) / long) * 8, y: ((x2 - x1) / long) * 8 }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: by keys a link is picked from its node
    <g
      class={`link ${condition}${isPicked ? ' picked' : ''}${busy ? ' busy' : ''}`}
      onClick={() => pick({ type: 'link', from, to })}
    >
      <title>{`${from} and ${to}: ${conditionWords[condition]}`}</title>
      <path class="hit" d={`M${x1} ${y1}L${x2} ${y2}`} />
      <path class="line" d={`M${x1} ${y1}L${x2} ${y2}`} />
      {condition === 'cut' || condition === 'half' ? (
        <path
          class="bar"
          d={`M${middle.x - across.x} ${middle.y - across.y}L${middle.x + across.x} ${middle.y + across.y}`}
        />
      ) : null}
    </g>
  )
}

const conditionWords: { readonly [condition in Condition]: string } = {
  whole: 'no fault',
  half: 'cut one way',
  cut: 'cut',
  hurt: 'hurt',
}

const ARROWS: { readonly [key: string]: Point } = {
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
}

function Node({ layout, node, ...props }: LinkProps & { readonly node: string }): JSX.Element | null {
  const { faults, picked, pick, typed, hello } = props
  const place = layout.places.get(node)
  if (place === undefined) return null
  const row = props.nodes.find((each) => each.node === node)
  const own = faults.filter(({ nodes }) => nodes.includes(node))
  const down = own.find(({ kind }) => kind === 'kill' || kind === 'crash' || kind === 'pause')
  const state =
    down === undefined
      ? (row?.role ?? (hello.tells ? 'no answer' : 'server'))
      : down.kind === 'pause'
        ? '‖ paused'
        : row?.role === undefined
          ? '✕ killed'
          : 'starting'
  const isPicked = picked.type === 'nodes' && picked.nodes.includes(node)
  const { width, height } = layout.card
  const apart = isApart(node, hello.nodes, faults)
  const isUp = down === undefined && row !== undefined
  const lagging = isUp && row.lag ? [`${plural(row.lag, 'entry', 'entries')} behind`] : []
  const look = `server${down === undefined ? '' : ' down'}${row?.leads === true ? ' leads' : ''}${isPicked ? ' picked' : ''}`
  const pressed = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key]
    if (arrow !== undefined) focusTowards(layout, node, arrow)
    else if (event.key === ' ') pick(toggled(picked, node))
    else if (event.key === 'Enter') {
      pick(only(node))
      focusOn(INSPECTOR)
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key.length === 1)
      return typed(node, event.key)
    else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button cannot be drawn
    <g
      class={look}
      id={nodeElement(node)}
      role="button"
      // Preact would set `tabIndex` in camel case, which SVG ignores.
      tabindex={hello.nodes.indexOf(node) === focusable(picked, hello.nodes) ? 0 : -1}
      aria-pressed={isPicked}
      aria-description={[...own.map(({ text }) => text), ...(apart ? ['cut off'] : []), ...lagging].join(', ')}
      transform={`translate(${place.x - width / 2} ${place.y - height / 2})`}
      onClick={(event) => pick(event.shiftKey || event.ctrlKey || event.metaKey ? toggled(picked, node) : only(node))}
      onKeyDown={pressed}
    >
      {apart ? <rect class="apart" x={-7} y={-7} width={width + 14} height={height + 14} rx={9} /> : null}
      <rect class="card" width={width} height={height} rx={6} />
      <text class="name" x={10} y={21}>
        {node}
      </text>{' '}
      <text class="term" x={width - 10} y={21}>
        {row?.term === undefined || down !== undefined ? '' : `term ${row.term}`}
      </text>{' '}
      <text class="role" x={10} y={38}>
        {state}
      </text>{' '}
      <text class="rate" x={10} y={54}>
        {isUp && !(width < NARROW_CARD && row.lag) ? `${count(row.rate)} ok/s` : ''}
      </text>{' '}
      <text class="lag" x={width - 10} y={54}>
        {isUp && row.lag !== undefined ? `lag ${count(row.lag)}` : ''}
      </text>{' '}
      <text class="wrong-clock" x={width - 10} y={38}>
        {row?.clockMs === undefined ? '' : offset(row.clockMs)}
      </text>
    </g>
  )
}

/** On a narrower card, a lagging node's rate would not fit, and is left out. */
const NARROW_CARD = 120

const only = (node: string): Picked => ({ type: 'nodes', nodes: [node] })

function toggled(picked: Picked, node: string): Picked {
  const nodes = picked.type === 'nodes' ? picked.nodes : []
  return { type: 'nodes', nodes: nodes.includes(node) ? nodes.filter((each) => each !== node) : [...nodes, node] }
}

/** Returns the node that the Tab key reaches. Arrow keys reach the other nodes. */
function focusable(picked: Picked, nodes: readonly string[]): number {
  const [first] = picked.type === 'nodes' ? picked.nodes : []
  return Math.max(0, first === undefined ? 0 : nodes.indexOf(first))
}

function isApart(node: string, nodes: readonly string[], faults: readonly FaultRow[]): boolean {
  const others = nodes.filter((other) => other !== node)
  return others.length > 0 && others.every((other) => conditionOf(faults, node, other) === 'cut')
}

function focusTowards({ places }: Layout, node: string, direction: Point): void {
  const from = places.get(node)
  if (from === undefined) return
  const ahead = [...places]
    .map(([name, to]) => ({ name, cost: costOf(from, to, direction) }))
    .filter(({ name, cost }) => name !== node && cost !== undefined)
    .sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0))
  const nearest = ahead[0]
  if (nearest !== undefined) focusOn(nodeElement(nearest.name))
}

function costOf(from: Place, to: Place, { x, y }: Point): number | undefined {
  const along = (to.x - from.x) * x + (to.y - from.y) * y
  const aside = Math.abs((to.x - from.x) * y - (to.y - from.y) * x)
  return along > 1 ? along + 2 * aside : undefined
}
