import type { ErrorMeaning } from '@chaosproxy/history'

/** The meanings of the errors of NATS 2.9. Any other error is `info`. */
export const natsErrors: readonly ErrorMeaning[] = [
  {
    texts: ['no responders'],
    means: 'info',
    why: 'this server knows no responder for the request, but another server may know one',
  },
  { texts: ['wrong last sequence'], means: 'fail', why: 'another revision was there: nothing was stored' },
  { texts: ['no message found', 'Message Not Found'], means: 'fail', why: 'nothing is stored there' },
  { texts: ['stream not found'], means: 'fail', why: 'there is no stream that could store the data' },
  { texts: ['consumer not found'], means: 'fail', why: 'there is no consumer that could hand out a message' },
  {
    texts: ['JetStream system temporarily unavailable'],
    means: 'info',
    why: 'no leader is known now, but one may have been known when the request came',
  },
]
