import type { ErrorMeaning } from '@chaosproxy/history'

/** The meanings of the errors of NATS 2.9. Any other error is `info`. */
export const natsErrors: readonly ErrorMeaning[] = [
  {
    says: ['no responders'],
    means: 'info',
    why: 'the asked server knows no server that takes the request; another server may',
  },
  { says: ['wrong last sequence'], means: 'fail', why: 'another revision was there: nothing was stored' },
  { says: ['no message found', 'Message Not Found'], means: 'fail', why: 'nothing is stored there' },
  { says: ['stream not found'], means: 'fail', why: 'there is no stream that could store it' },
  { says: ['consumer not found'], means: 'fail', why: 'there is no consumer that could hand out a message' },
  {
    says: ['JetStream system temporarily unavailable'],
    means: 'info',
    why: 'no leader is known now, but one may have been known when the request came',
  },
]
