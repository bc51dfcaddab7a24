import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { byName, type History } from '@chaosproxy/history'
import {
  answerText,
  clientOf,
  eventsOf,
  nameText,
  nodeOf,
  type OperationEvent,
  requestText,
  rowsOf,
} from '../operation-words.ts'
import { displayWidth } from './width.ts'

/** Position of the box of one operation: its column, and its first and last row. */
export interface Box {
  readonly operation: OperationRow
  readonly role: 'core' | 'context'
  readonly request: string
  readonly answer: string
  readonly column: number
  readonly top: number
  /**
   * The last row of the operation's box. An operation without an answer has no end, so its box extends to the row below
   * the drawing.
   */
  readonly bottom: number
}

export interface Layout {
  /** Each event is drawn in one row. */
  readonly rows: readonly OperationEvent[]
  readonly boxes: readonly Box[]
  readonly lanes: readonly { readonly name: string; readonly column: number }[]
}

const LANE_GAP = 4
const TRACK_GAP = 3

/** Lays out the drawing. Time runs downwards. Each node has a lane or, if nodes are unknown, each process. */
export function layOut(history: History, counterexample: Counterexample, firstColumn: number): Layout {
  const rows = eventsOf(history, rowsOf(counterexample))
  const byNode = counterexample.operations.some(({ operation }) => nodeOf(history, operation) !== undefined)
  const laneOf = (operation: OperationRow): string =>
    byNode ? nameText(nodeOf(history, operation) ?? 'node unknown') : clientOf(history, operation)
  const names = [...new Set(counterexample.operations.map(({ operation }) => laneOf(operation)))]
  names.sort(byName)

  const withKey = counterexample.keys.length > 1
  const unplaced = counterexample.operations.map(({ operation, role }): Box => {
    const process = byNode ? `${clientOf(history, operation)} ` : ''
    const bottom = rows.findIndex((row) => row.operation === operation && row.what === 'return')
    return {
      operation,
      role,
      request: process + requestText(history, operation, { withKey }),
      answer: answerText(history, operation),
      column: 0,
      top: rows.findIndex((row) => row.operation === operation && row.what === 'call'),
      bottom: bottom < 0 ? rows.length : bottom,
    }
  })

  const lanes: { name: string; column: number }[] = []
  const boxes: Box[] = []
  let column = firstColumn
  for (const name of names) {
    lanes.push({ name, column })
    const tracks = tracksOf(unplaced.filter((box) => laneOf(box.operation) === name))
    let right = column + displayWidth(name)
    for (const track of tracks) {
      for (const box of track) boxes.push({ ...box, column })
      column += Math.max(...track.map(boxWidth)) + TRACK_GAP
      right = Math.max(right, column - TRACK_GAP)
    }
    column = right + LANE_GAP
  }
  return { rows, boxes, lanes }
}

const boxWidth = (box: Box): number => 2 + Math.max(displayWidth(box.request), displayWidth(box.answer))

function tracksOf(boxes: readonly Box[]): Box[][] {
  const tracks: Box[][] = []
  for (const box of [...boxes].sort((a, b) => a.top - b.top)) {
    const free = tracks.find((track) => track.every((other) => other.bottom < box.top))
    if (free === undefined) tracks.push([box])
    else free.push(box)
  }
  return tracks
}
