import { defineFault } from '../definition/definition.ts'
import { bytes, bytesPerSecond, flag, ms, or, probability, usually } from '../definition/parameter.ts'

export const slice = defineFault({
  kind: 'slice',
  summary: 'deliver bytes in small pieces',
  parameters: {
    averageBytes: bytes('size of a piece', { least: 1 }),
    variationBytes: or(bytes('variation of the size: ± this much'), 0),
    pauseMs: or(ms('pause after each piece'), 0),
  },
})

/** Lost packets of a TCP connection: no byte is lost, but the bytes behind a lost packet wait. */
export const packetLoss = defineFault({
  kind: 'packet-loss',
  plural: 'spells of packet loss',
  summary: 'lose packets: TCP sends them again, so bytes arrive late, in bursts',
  parameters: {
    probability: or(probability('the probability that each packet is lost'), 0.1),
    retransmitMs: or(ms('wait before a lost packet is sent again; doubles with each retransmission'), 200),
  },
  describe: ({ probability: share }, links) => `${Math.round(share * 1000) / 10}% of the packets lost on ${links}`,
})

export const corrupt = defineFault({
  kind: 'corrupt',
  summary: 'flip one bit of some bytes',
  notInProcesses: {
    not: 'a system without checksums cannot tell a flipped bit from real data',
    instead: ['reset'],
  },
  parameters: { probability: probability('the probability that each byte is hit') },
})

export const bandwidth = defineFault({
  kind: 'bandwidth',
  plural: 'spells of low bandwidth',
  summary: 'limit the rate of bytes; 0: no byte passes',
  parameters: {
    bytesPerSecond: bytesPerSecond('the rate'),
    shared: usually(flag('share the rate among all connections of the link'), false),
  },
  describe: (harm, links) => `${harm.bytesPerSecond} bytes/s on ${links}`,
})
