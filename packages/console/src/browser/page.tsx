import { plural } from '@chaosproxy/history'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Action, actionsFor, nothingPicked, type Picked } from './actions.ts'
import { Charts } from './charts.tsx'
import type { Connection, DraftedOrder } from './connection.ts'
import { FaultList } from './fault-list.tsx'
import { focusOn, nodeElement, useKeptFocus } from './focus.ts'
import { Inspector } from './inspector.tsx'
import { TailTable } from './tail-table.tsx'
import { startTheme, useNarrow, useTheme } from './theme.ts'
import { Top } from './top.tsx'
import { Topology } from './topology.tsx'
import { Ladder, Since, VerdictHead, Why } from './verdict-head.tsx'
import { inForce, type View } from './view.ts'

startTheme()

export function Page({ view, connection }: { readonly view: View; readonly connection: Connection }): JSX.Element {
  const [picked, pick] = useState<Picked>(nothingPicked)
  const [problem, setProblem] = useState('')
  const [theme, nextTheme] = useTheme()
  const isNarrow = useNarrow()
  const rail = useRef<HTMLElement>(null)
  const focused = useKeptFocus(rail)
  const left = ({ key }: KeyboardEvent) => {
    const [node] = picked.type === 'nodes' ? picked.nodes : []
    if (key === 'Escape' && node !== undefined) focusOn(nodeElement(node))
  }
  const { hello, frame } = view
  if (hello === undefined || frame === undefined) return <p class="waiting">{waitingText(view)}</p>
  const active = inForce(view.faults)
  const order = (drafted: DraftedOrder) => void connection.order(drafted).then((error) => setProblem(error ?? ''))
  const closed = closedBecause(view)
  const inject = ({ fault }: Action) => order({ type: 'inject', fault })
  const heal = (id: string) => order({ type: 'heal', id })
  const typed = (node: string, key: string) => {
    const target: Picked =
      picked.type === 'nodes' && picked.nodes.includes(node) ? picked : { type: 'nodes', nodes: [node] }
    pick(target)
    if (closed !== undefined) return
    const newest = active.findLast(
      ({ nodes, links }) => nodes.includes(node) || links.some((link) => touches(link, node)),
    )
    if (key === 'h' && newest !== undefined) heal(newest.id)
    const action = actionsFor(target, hello).find((each) => each.key === key)
    if (action !== undefined) inject(action)
  }
  return (
    <>
      <Top view={view} theme={theme} nextTheme={nextTheme} order={order} />
      <Lost view={view} />
      <main>
        <VerdictHead view={view} />
        <Why verdict={view.verdict} />
        <Ladder verdict={view.verdict} />
        <div class="stage">
          <section class="nodes" aria-labelledby="nodes">
            <h2 id="nodes" class="sr">
              Nodes and links
            </h2>
            <p class="note">Outside each node: the link of its clients.</p>
            <Topology
              hello={hello}
              nodes={frame.nodes}
              faults={active}
              picked={picked}
              isNarrow={isNarrow}
              pick={pick}
              typed={typed}
            />
          </section>
          <aside class="rail" ref={rail} onFocusIn={focused} onKeyDown={left}>
            <p class="problem" role="status">
              {problem}
            </p>
            <Inspector {...{ hello, picked, pick, closed, inject, heal }} nodes={frame.nodes} faults={active} />
            <FaultList faults={view.faults} canHeal={closed === undefined} heal={heal} />
          </aside>
        </div>
        <Since verdict={view.verdict} />
        <Charts view={view} theme={theme} />
        <TailTable rows={frame.tail ?? []} />
      </main>
      <Changes view={view} />
    </>
  )
}

const waitingText = ({ connection }: View): string =>
  connection === 'lost' ? 'No connection to chaos. Trying again.' : 'Connecting to chaos.'

const touches = (link: string, node: string): boolean => link.split('>').includes(node)

function closedBecause({ connection, frame }: View): string | undefined {
  if (connection !== 'live') return 'There is no connection.'
  return frame?.stage === 'working' ? undefined : 'The run takes no faults now.'
}

function Lost({ view }: { readonly view: View }): JSX.Element | null {
  if (view.connection !== 'lost') return null
  return <div class="lost-bar">No connection to chaos: the data shown is stale. Reconnecting.</div>
}

const ANNOUNCE_EVERY_MS = 1_500

/** Tells those who cannot see it what changes, several changes in one sentence. */
function Changes({ view }: { readonly view: View }): JSX.Element {
  const [said, say] = useState('')
  const latest = useRef(view)
  latest.current = view
  useEffect(() => {
    const timer = setInterval(() => {
      const { faults, frame } = latest.current
      const leader = frame?.nodes.find(({ leads }) => leads === true)?.node
      say(`${plural(inForce(faults).length, 'fault')} in force${leader === undefined ? '' : `, leader ${leader}`}`)
    }, ANNOUNCE_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="sr" role="status">
      {said}
    </div>
  )
}
