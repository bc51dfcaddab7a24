import { defineFault, type Extension, parameter } from 'chaosproxy'

const hiccup = defineFault({
  kind: 'hiccup',
  summary: 'everything stands still for a moment',
  parameters: { pauseMs: parameter.ms('for how long') },
  on: 'bytes',
  stage: ({ harm }) => ({ countsArriving: 'bytes', delayMs: () => harm().pauseMs }),
})

/** The connections whose client has read something. */
const reading = new WeakSet<object>()

/** This stage watches the bytes in one direction, and delays the bytes in the other direction. */
const lateAnswers = defineFault({
  kind: 'late-answers',
  summary: 'the answers to a client that has read something are late',
  parameters: { lateMs: parameter.ms('for how long') },
  on: 'bytes',
  stage: ({ harm, hit, direction, connection }) =>
    direction === 'requests'
      ? {
          countsArriving: 'nothing',
          moved({ chunk }) {
            if (chunk.bytes.includes('GET ')) reading.add(connection)
            return undefined
          },
        }
      : {
          countsArriving: 'nothing',
          delayMs: () => (reading.has(connection) ? harm().lateMs : 0),
          moved() {
            if (reading.has(connection)) hit()
            return undefined
          },
        },
})

export const bytes: readonly Extension[] = [hiccup, lateAnswers]
