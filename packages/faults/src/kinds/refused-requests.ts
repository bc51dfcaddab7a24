import { defineFault } from '../definition/definition.ts'
import { choice, json, optional, or, perSecond, text, wholeNumber } from '../definition/parameter.ts'
import { validateFields } from './edits.ts'

export const status = wholeNumber('the status the client sees', { least: 200, most: 599 })

export const errorStatus = defineFault({
  kind: 'error-status',
  summary: 'answer the client with an error',
  parameters: {
    status: or(status, 503),
    body: or(text('the body of the response'), 'an injected error\n'),
    headers: optional(json('its header fields ({"Retry-After":"5","Content-Type":"application/json"})')),
    after: or(
      choice(['nothing', 'forwarding'], 'nothing: the request never left; forwarding: the server has done it'),
      'nothing',
    ),
  },
  validate: ({ headers }, where) => void validateFields(headers, where),
})

/** Refuses requests above the rate with 429, or with another status. */
export const rateLimit = defineFault({
  kind: 'rate-limit',
  summary: 'refuse requests above the rate',
  parameters: {
    requestsPerSecond: perSecond('the rate (0.5: one request every two seconds)'),
    burst: or(wholeNumber('largest burst', { least: 1 }), 1),
    status: or(status, 429),
    headers: optional(json('header fields of the refusal ({"Retry-After":"5"})')),
  },
  validate: ({ headers }, where) => void validateFields(headers, where),
})
