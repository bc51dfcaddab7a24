import type { Counterexample, OperationRow, OrderEdge } from '@chaosproxy/checker'
import { type History, hasTimes, type Json, moment, outputOf } from '@chaosproxy/history'
import { reproach } from '../moments.ts'
import {
  answerText,
  callTimeOf,
  clientOfInWords,
  hasReturned,
  keyOf,
  linesOf,
  mayReturnValue,
  nodeOf,
  operationText,
  orderText,
  outcomeName,
  requestText,
  returnTimeOf,
  valueText,
} from '../operation-words.ts'
import { linesText } from '../places.ts'
import { capitalised, distinguishingDigits } from '../words.ts'
import { accusedOf } from './contradiction.ts'
import { folded, type Html, html } from './markup.ts'

/**
 * Returns the steps of the contradiction: the drawing's operations, with their numbers, times and lines. With a
 * timeline, the lines link to it.
 */
export function story(history: History, counterexample: Counterexample, hasTimeline: boolean): Html {
  const accused = accusedOf(history, counterexample)
  return html`<ol class="story">${counterexample.operations.map(({ operation, role }, i) =>
    step(history, counterexample, operation, { role, number: i + 1, bad: accused.has(operation), hasTimeline }),
  )}</ol>${edgeList(history, counterexample)}`
}

interface Step {
  readonly role: 'core' | 'context'
  readonly number: number
  readonly bad: boolean
  readonly hasTimeline: boolean
}

function step(
  history: History,
  counterexample: Counterexample,
  operation: OperationRow,
  { role, number, bad, hasTimeline }: Step,
): Html {
  const withKey = counterexample.keys.length > 1
  const node = nodeOf(history, operation)
  const kind = `${mayReturnValue(history, operation) ? 'read' : 'write'}${bad ? ' bad' : ''}`
  const digits = distinguishingDigits([callTimeOf(history, operation), returnTimeOf(history, operation)], 6)
  const when = hasTimes(history)
    ? `${moment(callTimeOf(history, operation), digits)} to ${hasReturned(history, operation) ? moment(returnTimeOf(history, operation), digits) : 'no answer'}`
    : ''
  const [line] = hasTimeline ? linesOf(history, operation) : []
  const cited = linesText(history, linesOf(history, operation))
  const lines = line === undefined ? cited : html`<a href="#op=${line}" title="Show it in the timeline">${cited}</a>`
  const because = bad ? reproach(history, counterexample)?.text : undefined
  const states = counterexample.statesBefore
  const could =
    bad &&
    operation === counterexample.culprit &&
    states !== undefined &&
    isInformative(states, outputOf(history, operation))
      ? `${keyOf(history, operation) ?? 'It'} could only be ${states.map((value) => valueText(value, 16)).join(' or ')}.`
      : undefined
  return html`<li class="${role}${bad ? ' bad' : ''}" data-step="${number}"${line !== undefined && html` data-line="${line}"`} tabindex="0"><span class="n ${kind}">${number}</span> ${capitalised(clientOfInWords(history, operation))}: ${requestText(history, operation, { withKey })}${node === undefined ? '' : ` ${mayReturnValue(history, operation) ? 'from' : 'at'} ${node}`} → <b>${answerText(history, operation)}</b>${outcomeName(history, operation) === 'info' && html` <span class="tag">outcome unknown</span>`}${because !== undefined && html`<br><span class="why-bad">${capitalised(because)}. ${could}</span>`}${because === undefined && could !== undefined && html`<br><span class="why-bad">${could}</span>`}<small>${role === 'context' ? 'shown to help · ' : ''}${when}${cited === '' || when === '' ? '' : ' · '}${lines}</small></li>`
}

/** Whether the possible states explain the wrong answer: they are few, and lack the read value. */
const isInformative = (states: readonly Json[], read: Json): boolean =>
  states.length > 0 && states.length < 6 && !states.some((value) => JSON.stringify(value) === JSON.stringify(read))

/** Returns the steps of a cycle with their reasons. */
function edgeList(history: History, counterexample: Counterexample): Html | undefined {
  const edges = counterexample.edges ?? []
  if (edges.length === 0) return undefined
  const withKey = counterexample.keys.length > 1
  return folded(
    'orders',
    'As a cycle of orders: each operation must come before the next, and so before itself',
    html`<ul class="edges">${edges.map(
      (edge, i) =>
        html`<li><span class="n edge-letter">${String.fromCharCode(97 + i)}</span> ${operationText(history, edge.before, { withKey })} <b>before</b> ${operationText(history, edge.after, { withKey })} <small>${orderText(history, edge)}</small>${chainOf(history, edge, withKey)}</li>`,
    )}</ul>`,
  )
}

/** Shows the read that proves the order of two operations. */
function chainOf(history: History, { shownBy }: OrderEdge, withKey: boolean): Html | undefined {
  if (shownBy === undefined) return undefined
  const the = (operation: OperationRow): string => operationText(history, operation, { withKey })
  return html`<div class="chain"><small>shown by ${the(shownBy.read)}${shownBy.chain.length === 0 ? '' : ', which comes after it:'}</small>${
    shownBy.chain.length === 0
      ? undefined
      : html`<ul>${shownBy.chain.map(
          (edge) =>
            html`<li><small>${the(edge.before)} before ${the(edge.after)}: ${edge.reason}</small>${chainOf(history, edge, withKey)}</li>`,
        )}</ul>`
  }</div>`
}
