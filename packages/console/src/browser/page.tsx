import { plural } from '@chaosproxy/history'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Action, actionsFor, nothingPicked, type Picked } from './actions.ts'
import { Charts } from './charts.tsx'
import type { Connection, DraftedOrder } from './connection.ts'
import { focusOn, nodeElement, useKeptFocus } from './focus.ts'
import type { FaultRow } from './frames.ts'
import { Inspector } from './inspector.tsx'
import { TailTable } from './tail-table.tsx'
import { Top } from './top.tsx'
import { Topology } from './topology.tsx'
import { Ladder, Since, VerdictHead, Why } from './verdict-head.tsx'
import { inForce, type View } from './view.ts'
import { clock } from './words.ts'

const themes = ['auto', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

const chosen = (): Theme => {
  const requested = new URLSearchParams(location.search).get('theme')
  return themes.find((theme) => theme === requested) ?? 'auto'
}

function show(theme: Theme): void {
  const { dataset } = document.documentElement
  if (theme === 'auto') delete dataset['theme']
  else dataset['theme'] = theme
}

const startTheme = (): void => show(chosen())

/** The theme, and a function that selects the next. `auto` follows the system. */
function useTheme(): readonly [theme: string, next: () => void] {
  const [theme, choose] = useState<Theme>(chosen)
  const isDark = useMedia('(prefers-color-scheme: dark)')
  const next = () => {
    const following = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto'
    show(following)
    choose(following)
  }
  return [theme === 'auto' ? `auto, ${isDark ? 'dark' : 'light'}` : theme, next]
}

const useNarrow = (): boolean => useMedia('(max-width: 560px)')

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const media = matchMedia(query)
    const changed = () => setMatches(media.matches)
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, [query])
  return matches
}

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

/** Announces changes to screen readers in one sentence. */
function Changes({ view }: { readonly view: View }): JSX.Element {
  const [summary, setSummary] = useState('')
  const latest = useRef(view)
  latest.current = view
  useEffect(() => {
    const timer = setInterval(() => {
      const { faults, frame } = latest.current
      const leader = frame?.nodes.find(({ leads }) => leads === true)?.node
      setSummary(
        `${plural(inForce(faults).length, 'fault')} in force${leader === undefined ? '' : `, leader ${leader}`}`,
      )
    }, ANNOUNCE_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="sr" role="status">
      {summary}
    </div>
  )
}

interface FaultListProps {
  readonly faults: readonly FaultRow[]
  readonly canHeal: boolean
  readonly heal: (id: string) => void
}

/** The greatest number of past faults shown. The report lists all. */
const MOST_PAST = 30

/** Lists the faults in force, then the ended faults, newest first. */
function FaultList({ faults, canHeal, heal }: FaultListProps): JSX.Element {
  const now = faults.filter(({ to }) => to === undefined)
  const past = faults.filter(({ to }) => to !== undefined).toReversed()
  return (
    <section aria-labelledby="faults">
      <h2 id="faults">
        {now.length === 0 ? 'No fault in force' : `${now.length} ${now.length === 1 ? 'fault' : 'faults'} in force`}
      </h2>
      <ul class="faults">
        {now.map((fault) => (
          <li key={fault.id} class={fault.byHand ? 'by-hand' : ''}>
            <span>
              <b>{fault.text}</b>
              <small>
                since {clock(fault.from)}, {fault.byHand ? 'by hand' : 'by the nemesis'}
              </small>
            </span>
            <button type="button" disabled={!canHeal} onClick={() => heal(fault.id)} aria-label={`Heal ${fault.text}`}>
              Heal
            </button>
          </li>
        ))}
      </ul>
      {past.length === 0 ? null : (
        <details>
          <summary>{past.length} over</summary>
          <ul class="faults past">
            {past.slice(0, MOST_PAST).map((fault) => (
              <li key={fault.id}>
                <span>
                  {fault.text}
                  <small>
                    {clock(fault.from)} to {clock(fault.to ?? 0)}, {fault.byHand ? 'by hand' : 'by the nemesis'}
                    {fault.hits === 0 ? ', never took effect: it proves nothing' : ''}
                  </small>
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
