import type { NodeId } from '@chaosproxy/faults'

const BYTES = 254

/** Another for each process, so that clusters of several do not meet on ports that are given. */
const network = `127.${1 + (process.pid % BYTES)}.${1 + (Math.floor(process.pid / BYTES) % BYTES)}`

/** An address of the machine's own that only this node has. All of 127.0.0.0/8 is there on Linux. */
export const ownAddress = (node: NodeId): string => `${network}.${10 + Number(node.slice(1))}`
