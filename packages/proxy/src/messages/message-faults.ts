import { createRandom, type Endpoint, type Link, type MessageFault } from '@chaosproxy/faults'
import { UserError, usageError } from '@chaosproxy/history'
import { type Framing, isOneMessage } from '@chaosproxy/wire'
import { clockWithin } from '../interceptor/boundary.ts'
import type { Conversation, Intercept } from '../interceptor/interceptor.ts'
import { type ProxyClock, systemClock } from '../link/clock.ts'
import { LinkTable } from '../link/link-table.ts'
import { type Applied, applyRules, RuleList } from '../link/rule-list.ts'
import { StatementFaults } from '../statements/statement-faults.ts'
import { type StatementFault, StatementRule, validateStatementFault } from '../statements/statement-rule.ts'
import { compileMatch } from './match.ts'
import { MessageLink, type MessageStatistics } from './message-link.ts'
import { MessageRule, type Track } from './message-rule.ts'
import { MessageStage } from './message-stage.ts'

export interface MessageFaultsOptions {
  /**
   * The seed of all random numbers. Each fault has a separate sequence of random numbers for each link and each
   * connection.
   */
  readonly seed: number | string
  /** The source of time, by default the system clock. */
  readonly clock?: ProxyClock | undefined
  /** The longest message that faults act on, by default 1 MiB. Longer messages pass unharmed. */
  readonly maxMessageBytes?: number | undefined
}

/** Faults on single messages, for links with a known framing. */
export interface MessageFaults {
  /** Returns the `intercept` option of a route. */
  intercept(route: { readonly from: Endpoint; readonly to: Endpoint; readonly framing: Framing }): Intercept
  /**
   * Applies a fault to every live and future connection of the links, from the next message on. The fault is in force
   * when the call returns. Faults stack in the order in which they were applied.
   *
   * @throws UserError (usage) if a link is not framed, or if its messages do not have the parts that the fault matches.
   */
  apply(fault: MessageFault): Applied<MessageFault>
  /** Whether the link carries SQL statements. */
  carries(link: Link): boolean
  /** Applies a fault to the statements on the fault's links, under the same rules as `apply`. */
  applyToStatements(fault: StatementFault): Applied<StatementFault>
  /** Returns the statistics of every framed link, keyed by `linkName`. */
  statistics(): ReadonlyMap<string, MessageStatistics>
}

const MAX_MESSAGE_BYTES = 1024 * 1024

export function createMessageFaults(options: MessageFaultsOptions): MessageFaults {
  const clock = options.clock ?? systemClock
  const maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES
  const random = createRandom(options.seed).fork('messages')
  const links = new LinkTable((link) => new MessageLink(link, random))
  const statementLinks = new LinkTable((link) => new RuleList<StatementRule>(link, random.fork('statements')))

  function framedLink(link: Link, track: Track): MessageLink {
    const known = links.of(link)
    if (!known.tracks.some((other) => other.framing === track.framing && other.direction === track.direction))
      known.tracks.push(track)
    return known
  }

  function intercept(
    conversation: Conversation,
    forward: MessageLink,
    backward: MessageLink,
    framing: Framing,
    list: RuleList<StatementRule>,
  ) {
    // Dial now, because either side may send first.
    conversation.dial()
    const { statements: spoken } = framing
    const shared = { clock: clockWithin(conversation, clock) }
    const statements =
      spoken === undefined ? undefined : new StatementFaults({ ...shared, conversation, statements: spoken, list })
    const stageOf = (link: MessageLink, reverse: MessageLink, direction: Track['direction']) =>
      new MessageStage({
        ...shared,
        statements,
        link,
        reverse,
        track: { framing, direction },
        maxMessageBytes,
        exit: conversation[direction],
        guard: conversation.guard,
        disturbed: (altered) => conversation.disturbed?.(altered),
      })
    const requests = stageOf(forward, backward, 'requests')
    const responses = stageOf(backward, forward, 'responses')
    return {
      requests,
      responses,
      closed() {
        statements?.closed()
        requests.stop()
        responses.stop()
      },
    }
  }

  return {
    intercept({ from, to, framing }) {
      const forward = framedLink({ from, to }, { framing, direction: 'requests' })
      const backward = framedLink({ from: to, to: from }, { framing, direction: 'responses' })
      const list = statementLinks.of({ from, to })
      return (conversation) => intercept(conversation, forward, backward, framing, list)
    },
    apply(fault) {
      const targets = fault.links.map((link) => validated(fault, links.find(link), link))
      return applyRules(fault, targets, clock, (standing, own) => new MessageRule(standing, own))
    },
    carries: (link) => links.find(link)?.tracks.some(isOfStatements) === true,
    applyToStatements(fault) {
      validateStatementFault(fault)
      for (const link of fault.links) validateCarried(fault, link, links.find(link)?.tracks ?? [])
      return applyRules(
        fault,
        statementLinks.ofAll(fault.links),
        clock,
        (standing, own) => new StatementRule(standing, own),
      )
    },
    statistics: () => links.map((link) => link.statistics()),
  }
}

function validated(fault: MessageFault, link: MessageLink | undefined, { from, to }: Link): MessageLink {
  const where = `${fault.kind} on ${from}>${to}`
  if (link === undefined)
    throw usageError(
      `${where}: no route of this link has a framing. Give one route a framing: json-lines, resp, postgresql, mysql, length-prefixed or websocket.`,
    )
  const reasons = link.tracks.map((track) => refusalOf(fault, track))
  const [reason] = reasons
  if (reason !== undefined && reasons.every((other) => other !== undefined)) throw usageError(`${where}: ${reason}`)
  return link
}

const isOfStatements = ({ framing, direction }: Track): boolean =>
  direction === 'requests' && framing.statements !== undefined

/** @throws UserError (usage) */
function validateCarried(fault: StatementFault, { from, to }: Link, tracks: readonly Track[]): void {
  const where = `${fault.kind} on ${from}>${to}`
  const carrying = tracks.filter(isOfStatements)
  if (carrying.length === 0)
    throw usageError(
      `${where}: no proxy reads SQL statements on this link. Give the proxy "carries": "postgresql" or "mysql", and name the link from clients to the server.`,
    )
  if (fault.kind !== 'sql-error') return
  for (const { framing } of carrying) {
    const reason = framing.statements?.refusal(fault.code)
    if (reason !== undefined) throw usageError(`${where}: ${reason}`)
  }
}

function refusalOf(fault: MessageFault, { framing, direction }: Track): string | undefined {
  try {
    compileMatch(fault.match, framing, direction)
    if (fault.kind !== 'fabricate-message' || isOneMessage(framing, direction, framing.write(fault.message, direction)))
      return undefined
    return `${JSON.stringify(fault.message)} is not one whole message of ${framing.name}.`
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}
