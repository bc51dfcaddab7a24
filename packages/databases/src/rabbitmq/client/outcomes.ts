import type { ErrorMeaning } from '@chaosproxy/history'
import { eachMeans } from '@chaosproxy/targets/database'

/** The meanings of the errors of RabbitMQ 3.10. Any other error is `info`. */
export const rabbitmqErrors: readonly ErrorMeaning[] = [
  { texts: ['NO_ROUTE'], means: 'fail', why: 'no queue took the message: the broker that has the queue is down' },
  { texts: ['NOT_FOUND'], means: 'fail', why: 'the queue is not there, or the broker that has it is down' },
  ...eachMeans('fail', 'refused before anything is done', ['ACCESS_REFUSED', 'RESOURCE_LOCKED', 'PRECONDITION_FAILED']),
  {
    texts: ['basic.nack'],
    means: 'info',
    why: 'the broker takes no responsibility for the message, and may have stored it',
  },
]
