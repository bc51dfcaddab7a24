import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { FAIL, type History, hasTimes, moment } from '@chaosproxy/history'
import type { NodeMessage } from '@chaosproxy/runner/result'
import type { Facts } from '../facts/facts.ts'
import { decisive } from '../facts/gap.ts'
import type { NearFault } from '../facts/near-faults.ts'
import { messageDetails, silentOf, unclearLine, type Wire } from '../facts/wire.ts'
import { reproach } from '../moments.ts'
import {
  answerText,
  byCall,
  clientOf,
  eventsOf,
  hasReturned,
  nameText,
  nodeOf,
  printable,
  processText,
  requestText,
  rowsOf,
} from '../operation-words.ts'
import { wrap } from '../terminal/width.ts'
import { distinguishingDigits } from '../words.ts'

/** Maximum number of operations; a larger diagram is too wide or too long for a comment. */
const MOST_OPERATIONS = 8
const MOST_OF_CYCLE = 12
const MOST_NODES = 5
/**
 * Maximum number of lanes with which the text is legible in a comment. If there were more lanes, all clients would
 * share one lane.
 */
const MOST_LANES = 4
/** Maximum length of a line in a label, in characters. Mermaid does not break lines: a long line widens the diagram. */
const LABEL_WIDTH = 40
const LONGEST_NAME = 20

/** A line of the diagram, and its time in nanoseconds. */
interface Drawn {
  readonly at: number
  readonly line: string
}

/** The lanes of the diagram: each has an id in Mermaid, and a name for readers. */
interface Lanes {
  readonly client: (operation: OperationRow) => string
  readonly node: (name: string | undefined) => string
  /** Returns the name of the client for labels; empty if each client has a lane. */
  readonly who: (operation: OperationRow) => string
  readonly declared: readonly string[]
  readonly nodes: number
  readonly allNodes: string
}

/**
 * Draws the contradiction as a Mermaid sequence diagram; empty if the diagram would be too large. GitHub and GitLab
 * render Mermaid in comments, where a picture from a run's directory cannot be shown.
 */
export function mermaidOf(
  history: History,
  { counterexample: shown, near, wire }: Pick<Facts, 'counterexample' | 'near' | 'wire'>,
): string[] {
  if (shown === undefined) return []
  const drawn = decisive(history, shown, MOST_OPERATIONS)
  if (drawn.operations.length > MOST_OF_CYCLE) return []
  const lanes = lanesOf(history, drawn, wire)
  if (lanes.nodes > MOST_NODES) return []
  const operations = operationLines(history, drawn, lanes)
  const times = operations.map(({ at }) => at)
  const [first, last] = [Math.min(...times), Math.max(...times)]
  // At equal times, faults come first, and messages come before the answer that they explain.
  const all = [
    ...near.flatMap((fault) => faultLines(fault, lanes.allNodes, { first, last })),
    ...(wire === undefined ? [] : wireDrawn(wire, lanes)),
    ...operations,
  ]
  return ['sequenceDiagram', ...lanes.declared, ...all.toSorted((a, b) => a.at - b.at).map(({ line }) => line)]
}

function lanesOf(history: History, counterexample: Counterexample, wire: Wire | undefined): Lanes {
  const { process } = history.operations
  const rows = rowsOf(counterexample).toSorted(byCall(history))
  const clients = [...new Set(rows.map((row) => process[row] ?? 0))]
  const serving = rows.map((row) => nodeOf(history, row))
  // The lane of the node that answered is rightmost, so that messages to it point to the right.
  const sent = wire?.messages.flatMap(({ from, to }) => [from, to]) ?? []
  const others = [...sent, wire?.sender ?? serving[0], ...serving].filter((node) => node !== wire?.reader)
  const nodes = [...new Set(wire === undefined ? serving : [...others, wire.reader])]
  const isShared = clients.length + nodes.length > MOST_LANES
  return {
    client: (operation) => `c${isShared ? 0 : clients.indexOf(process[operation] ?? 0)}`,
    node: (name) => `n${nodes.indexOf(name)}`,
    who: (operation) => (isShared ? `${clientOf(history, operation)} ` : ''),
    declared: [
      ...(isShared ? ['clients'] : clients.map((client) => processText(history, client))).map(
        (name, i) => `  actor c${i} as ${escaped(nameText(name, LONGEST_NAME))}`,
      ),
      ...nodes.map((node, i) => `  participant n${i} as ${escaped(nameText(node ?? 'system', LONGEST_NAME))}`),
    ],
    nodes: nodes.length,
    allNodes: nodes.length === 1 ? 'n0' : `n0,n${nodes.length - 1}`,
  }
}

function operationLines(history: History, counterexample: Counterexample, lanes: Lanes): Drawn[] {
  const { callTime, returnTime, outcome } = history.operations
  const rows = rowsOf(counterexample)
  const digits = distinguishingDigits(
    eventsOf(history, rows).map(({ time }) => time),
    6,
  )
  const when = (at: number): string => (hasTimes(history) ? `${moment(at, digits)} ` : '')
  return rows.flatMap((row): Drawn[] => {
    const [client, node] = [lanes.client(row), lanes.node(nodeOf(history, row))]
    const [called, returned] = [callTime[row] ?? 0, returnTime[row] ?? 0]
    const request = `${when(called)}${lanes.who(row)}${requestText(history, row, { withKey: true })}`
    if (!hasReturned(history, row)) return [{ at: called, line: arrow(client, '-)', node, `${request}, no answer`) }]
    const answer = `${when(returned)}${lanes.who(row)}${answerText(history, row)}`
    const tip = outcome[row] === FAIL ? '--x' : '-->>'
    const accused =
      row === counterexample.culprit ? `✘ ${reproach(history, counterexample)?.text ?? 'this cannot be'}` : undefined
    return [
      { at: called, line: arrow(client, '->>', node, request) },
      { at: returned, line: arrow(node, tip, client, accused === undefined ? answer : `${answer} ✘`) },
      ...(accused === undefined ? [] : [{ at: returned, line: note(`${client},${node}`, accused) }]),
    ]
  })
}

function faultLines(
  { label, text, from, to }: NearFault,
  nodes: string,
  { first, last }: { readonly first: number; readonly last: number },
): Drawn[] {
  const begins = { at: Math.max(first, from), line: note(nodes, text) }
  // The end of a fault has a note only if it is between the first and the last shown operation.
  return to < last && to > begins.at
    ? [begins, { at: to, line: note(nodes, `${moment(to)} healed: ${label}`) }]
    : [begins]
}

function wireDrawn(wire: Wire, lanes: Lanes): Drawn[] {
  const { messages, reader, until } = wire
  const silent = silentOf(wire)
  const never =
    silent === undefined
      ? []
      : [{ at: until, line: note(`${lanes.node(silent.from)},${lanes.node(silent.to)}`, silent.text) }]
  const unclear = unclearLine(wire).map((text) => ({ at: until, line: note(lanes.node(reader), text) }))
  return [
    ...messages.flatMap((message) => messageLines(message, wire, lanes)),
    ...(silent === undefined ? unclear : never),
  ]
}

function messageLines(message: NodeMessage, wire: Wire, lanes: Lanes): Drawn[] {
  const [from, to] = [lanes.node(message.from), lanes.node(message.to)]
  const { fate, by, sentAt, endedAt } = message
  const isReceived = fate === 'received' && endedAt !== undefined && endedAt <= wire.until
  const isPlain = isReceived && by === undefined
  const sent = { at: sentAt, line: arrow(from, isPlain ? '->>' : '-x', to, messageDetails(message, wire)) }
  if (!isReceived || isPlain) return [sent]
  return [sent, { at: endedAt, line: arrow(from, '->>', to, `${moment(endedAt)} received ${wire.change}`) }]
}

const arrow = (from: string, kind: '->>' | '-->>' | '--x' | '-x' | '-)', to: string, text: string): string =>
  `  ${from}${kind}${to}: ${label(text)}`

const note = (over: string, text: string): string => `  Note over ${over}: ${label(text)}`

// Keeps a number and its unit in one line.
const label = (text: string): string =>
  wrap(printable(text).replace(/(?<=\d) (?=[mµn]?s\b)/g, '\u00a0'), LABEL_WIDTH)
    .map(escaped)
    .join('<br/>')

/** Escapes a text, because Mermaid cannot quote it. Backquotes are escaped because they could end the code fence. */
const escaped = (text: string): string =>
  text.replace(/[#;<>&%$@\\`":]/g, (character) => `#${character.codePointAt(0) ?? 0};`)
