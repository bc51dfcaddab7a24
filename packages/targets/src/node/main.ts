import { createInterface } from 'node:readline'
import { MachineError, threwBetweenSteps } from '@chaosproxy/protocols'
import { isUserFile } from '../user-files/import.ts'
import { loadProtocol } from '../user-files/protocol-file.ts'
import { startNode } from './host.ts'
import { openNodeLog } from './log.ts'
import { startWatchdog } from './watchdog.ts'
import type { NodeReport, NodeRequest, NodeSetup } from './wire.ts'

// One node of an embedded cluster, as a process. Its owner sends the setup on standard input and reads reports from
// standard output. Standard error is the node's log.

const writeReport = process.stdout.write.bind(process.stdout)
const report = (line: NodeReport) => writeReport(`${JSON.stringify(line)}\n`)
// Standard output is for reports, so a protocol's own output goes to the log.
process.stdout.write = process.stderr.write.bind(process.stderr)
// If the owner has died, a write may fail before this node sees that its standard input is closed.
process.stdout.on('error', () => process.exit(0))

const input = createInterface({ input: process.stdin })
input.once('line', (line) => {
  run(JSON.parse(line) as NodeSetup).catch((error: Error) => stopFor(error))
})
// A node must not outlive its owner.
input.once('close', () => process.exit(0))

async function run(setup: NodeSetup): Promise<void> {
  const log = openNodeLog(setup.logPath, BigInt(setup.originNanos))
  const protocol = await loadProtocol(setup.protocol)
  const own = isUserFile(setup.protocol)
  const watchdog = own ? startWatchdog(setup.id) : undefined
  if (own) process.on('uncaughtException', (error) => stopFor(threwBetweenSteps(setup.id, error)))
  process.once('SIGTERM', () => {
    log.line(`${setup.id} ends, as it was told to`)
    process.exit(0)
  })
  const node = await startNode({
    ...setup,
    machine: protocol.create({ bug: setup.bug, object: setup.object, settings: setup.settings }),
    log,
    watchdog,
    statusChanged: (status) => report({ type: 'status', status }),
    marked: () => report({ type: 'marked' }),
    linked: () => report({ type: 'linked' }),
    failed: stopFor,
  })
  input.on('line', (line) => {
    const request = JSON.parse(line) as NodeRequest
    if (request.type === 'status') {
      report({ type: 'status', status: node.status() })
      return
    }
    log.line('the cluster is ready; seconds count from here, as in the history')
    log.countFrom(BigInt(request.originNanos))
  })
  report({ type: 'ready', clientPort: node.clientPort, peerPort: node.peerPort })
}

/** Logs an error, and ends the process. A user's problem, such as a full disk, is logged without a stack. */
function stopFor(error: Error): void {
  if (error instanceof MachineError) {
    const { message: what, trace } = error
    report({ type: 'broken', what, trace })
    process.stderr.write(`fatal: ${[what, ...trace].join('\n    ')}\n`)
    process.exit(1)
  }
  // An error with a code is a system error or a UserError, and is logged without its stack.
  process.stderr.write(`fatal: ${'code' in error ? error.message : error.stack}\n`)
  process.exit(1)
}
