import type { NodeId } from '@chaosproxy/faults'

const BYTES = 254

/** Differs between processes, so that clusters with fixed ports do not collide. */
const network = `127.${1 + (process.pid % BYTES)}.${1 + (Math.floor(process.pid / BYTES) % BYTES)}`

/** The node's own loopback address. Linux accepts all of 127.0.0.0/8. */
export const ownAddress = (node: NodeId): string => `${network}.${10 + Number(node.slice(1))}`
