import type { JSX } from 'preact'
import { type Action, actionsFor, doneAlready, groupName, type Picked } from './actions.ts'
import { INSPECTOR } from './focus.ts'
import type { FaultRow, Hello, NodeRow } from './frames.ts'

interface InspectorProps {
  readonly hello: Hello
  readonly nodes: readonly NodeRow[]
  readonly faults: readonly FaultRow[]
  readonly picked: Picked
  readonly pick: (picked: Picked) => void
  /** Why no fault can be injected now. */
  readonly closed: string | undefined
  readonly inject: (action: Action) => void
  readonly heal: (id: string) => void
}

/** Shows the actions on the selection. After an action, its button offers to undo it. */
export function Inspector(props: InspectorProps): JSX.Element {
  const { hello, picked, faults, closed, inject, heal, pick } = props
  const actions = actionsFor(picked, hello)
  return (
    <section class="inspector" aria-labelledby={INSPECTOR}>
      <h2 id={INSPECTOR} tabindex={-1}>
        {titleOf(picked)}
      </h2>
      {isNothing(picked) ? <Hint hello={hello} pick={pick} nodes={props.nodes} /> : null}
      <div class="actions">
        {actions.map((action) => {
          const done = doneAlready(action, faults)
          return (
            <button
              key={action.label}
              type="button"
              class={done === undefined ? '' : 'heal'}
              disabled={closed !== undefined}
              onClick={() => (done === undefined ? inject(action) : heal(done.id))}
            >
              {done === undefined ? action.label : `Heal: ${done.text}`}
              {action.key === undefined ? null : <kbd>{done === undefined ? action.key : 'h'}</kbd>}
            </button>
          )
        })}
      </div>
      {closed === undefined ? null : <p class="note">{closed}</p>}
      {picked.type === 'nodes' && picked.nodes.length === 1 && hello.nodes.length > 1 ? (
        <Links {...props} node={picked.nodes[0] ?? ''} />
      ) : null}
      <Refused hello={hello} />
    </section>
  )
}

const isNothing = (picked: Picked): boolean => picked.type === 'nodes' && picked.nodes.length === 0

const titleOf = (picked: Picked): string =>
  picked.type === 'link'
    ? `${picked.from} – ${picked.to}`
    : picked.nodes.length === 0
      ? 'Break something'
      : groupName(picked.nodes)

function Hint({ hello, nodes, pick }: Pick<InspectorProps, 'hello' | 'nodes' | 'pick'>): JSX.Element {
  const leader = nodes.find(({ leads }) => leads === true)?.node
  return (
    <>
      <p class="note">
        Pick a node or a link{hello.nodes.length > 2 ? ', or several nodes with Shift to cut them from the rest' : ''}.
        What you do is written into the history like any other fault.
      </p>
      {leader === undefined ? null : (
        <div class="actions">
          <button type="button" onClick={() => pick({ type: 'nodes', nodes: [leader] })}>
            Pick the leader, {leader}
          </button>
        </div>
      )}
    </>
  )
}

/** Lists the links of a node, for users who cannot click the lines. */
function Links({ hello, node, pick }: InspectorProps & { readonly node: string }): JSX.Element {
  const ends = [...(hello.meshed ? hello.nodes.filter((other) => other !== node) : []), 'clients']
  return (
    <p class="links">
      Links to{' '}
      {ends.map((end) => (
        <button key={end} type="button" class="link" onClick={() => pick(linkOf(hello, node, end))}>
          {end}
        </button>
      ))}
    </p>
  )
}

/** Selects the link between a node and another end, in the direction that the topology draws. */
function linkOf({ nodes }: Hello, node: string, end: string): Picked {
  if (end === 'clients') return { type: 'link', from: 'clients', to: node }
  return nodes.indexOf(node) < nodes.indexOf(end)
    ? { type: 'link', from: node, to: end }
    : { type: 'link', from: end, to: node }
}

function Refused({ hello }: { readonly hello: Hello }): JSX.Element | null {
  const refused = hello.kinds.filter(({ refused }) => refused !== undefined)
  if (refused.length === 0) return null
  return (
    <details>
      <summary>What it cannot suffer</summary>
      <dl>
        {refused.map(({ kind, refused }) => (
          <div key={kind}>
            <dt>{kind}</dt>
            <dd>{refused}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
