import type { PlannedClients } from '@chaosproxy/targets/database'
import type { Settings } from '@chaosproxy/workloads'
import { openQueues } from './queues.ts'

/**
 * Clients of RabbitMQ, over AMQP 0-9-1. Each client stays with one broker, and sends no request twice. The history
 * consists of the clients' reports, because an operation may take several requests.
 */
export const rabbitmqClients = (settings: Settings): PlannedClients => ({
  functions: ['enqueue', 'dequeue', 'drain'],
  sessions: undefined,
  carries: () => undefined,
  async open() {
    const queues = openQueues({
      kind: String(settings['queue']),
      confirms: settings['confirms'] === true,
      persistent: settings['persistent'] === true,
      auto: settings['acks'] === 'auto',
    })
    return {
      prepare: queues.prepare,
      connect: queues.connect,
      close: async () => queues.close(),
    }
  },
})
