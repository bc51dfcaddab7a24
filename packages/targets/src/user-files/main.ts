import { createRandom } from '@chaosproxy/faults'
import { historyFromEvents, type Input } from '@chaosproxy/history'
import { settingsFor, type Workload } from '@chaosproxy/workloads'
import { callOwn } from './import.ts'
import { loadProtocol } from './protocol-file.ts'
import { vetOnThread } from './vet-on-thread.ts'
import { loadWorkload } from './workload-file.ts'

// The script of the thread on which `vetFile` tries a user's file. The file may crash or block the thread. The script's
// argument is the kind of file.

const CLIENTS = 4
const OPERATIONS = 500

await vetOnThread(process.argv[2] === 'workload' ? tryWorkload : tryProtocol)

async function tryProtocol(path: string): Promise<void> {
  const { create, bugs } = await loadProtocol(path)
  for (const bug of [undefined, ...bugs.map(({ name }) => name)]) create({ bug, settings: {} })
}

async function tryWorkload(path: string): Promise<void> {
  const workload = await loadWorkload(path, true)
  const clients = workload.create(settingsFor(workload), 0)
  for (let rank = 0; rank < CLIENTS; rank++) {
    const client = clients.client(createRandom(rank), rank)
    for (let i = 0; i < OPERATIONS; i++) {
      const input = client.next()
      applyOnce(workload, input, path)
      // Clients must accept refused operations (`fail`) and lost requests (`info`) with every target.
      client.learned?.(input, { type: i % 10 === 9 ? 'info' : 'fail', error: 'tried out' })
    }
  }
  callOwn(path, 'finale', () => workload.finale(['x', 'y']).length)
  callOwn(path, 'vacuous', () => workload.vacuous(historyFromEvents([])).length)
}

function applyOnce({ model }: Workload, { f, value }: Input, path: string): void {
  if (typeof model === 'string') return
  callOwn(path, 'model', () => {
    const applied = model.apply(model.initial, { f, value, process: '0' })
    if (applied !== undefined) model.key(applied[0])
  })
}
