import { defineFault } from '../definition.ts'
import { choice, count, or, text } from '../parameter.ts'

export const status = count('the status the client sees', { least: 200, most: 599 })

export const errorStatus = defineFault({
  kind: 'error-status',
  summary: 'the client is told an error',
  parameters: {
    status: or(status, 503),
    body: or(text('what it is told'), 'an injected error\n'),
    after: or(
      choice(['nothing', 'forwarding'], 'nothing: the request never left; forwarding: the server has done it'),
      'nothing',
    ),
  },
})

/** Refuses requests above the rate with 429, or with another status. */
export const rateLimit = defineFault({
  kind: 'rate-limit',
  summary: 'requests beyond the rate are refused',
  parameters: {
    requestsPerSecond: count('the rate', { least: 1 }),
    burst: or(count('how many may come at once', { least: 1 }), 1),
    status: or(status, 429),
  },
})
