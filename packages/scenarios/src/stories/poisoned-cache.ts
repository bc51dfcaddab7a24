import { millis } from '@chaosproxy/history'
import { beats, during, stall, threeNodes } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...threeNodes,
  target: 'dns',
  targetSettings: { 'ttl-ms': 2_000, 'refresh-ms': 500 },
  timeoutMs: millis(500),
  cast: ['Ana', 'Ben'],
} satisfies Partial<Tale>

const before = beats`
  0 Ana n1 write shop "old server" -- n1 is the primary of the zone, n2 copies it, n3 is a cache. Ana enters where the shop is.
  600 Ben n3 read shop = "old server" -- Ben asks n3, which asks n2, and keeps the answer for two seconds.
  ${during([700, 2_000], stall('n1', 'n2'), 'What the primary sends to n2 is late.')}
  800 Ana n1 write shop "new server" -- The shop moves. n1 tells the cache to drop the name, and it does.`

export const poisonedCache: Story = {
  name: 'poisoned-cache',
  summary: 'a cache drops a value in time, then refills itself with the same old value',
  told: [
    {
      ...system,
      title: 'a cache that refills from the nearest server',
      bug: 'refill-from-stale',
      beats: beats`
        ${before}
        1000 Ben n3 read shop = "old server" -- The cache is empty, so n3 asks the nearest server, n2, which has not heard of the move. The old answer is back for another two seconds.
        2200 Ana n2 read shop = "new server" -- n2 has caught up.
        2400 Ben n3 read shop = "old server" -- For Ben nothing has changed.`,
      ending: {
        verdicts: { linearizable: 'violated', sequential: 'met', eventual: 'met' },
        finally: { shop: 'new server' },
        says: 'The invalidation arrived, but the stale answer came back and stays for its time to live. If that is a day, it is wrong for a day.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'an invalidation that carries the version',
    beats: beats`
      ${before}
      1000 Ben n3 read shop = "new server" -- n3 knows in which version of the zone the name changed. n2’s copy is older, so n3 rejects it and asks n1.
      2200 Ana n2 read shop = "new server" -- n2 has caught up.
      2400 Ben n3 read shop = "new server" -- Ben finds the new shop.`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { shop: 'new server' },
      says: 'Cache and lagging copy are as before. Only the version in the invalidation was added.',
    },
  },
  ledger: neverOlder('shop'),
  lesson:
    'Dropping a cached value is half of an invalidation: the next fill may come from a copy that has not heard of the change. Send the version with the invalidation and refuse older values, or let only the holder of a lease fill the cache.',
  source:
    'R. Nishtala et al.: Scaling Memcache at Facebook, 2013 (stale sets, leases and remote markers); J. Jiang et al.: Ghost Domain Names: Revoked Yet Still Resolvable, 2012',
}
