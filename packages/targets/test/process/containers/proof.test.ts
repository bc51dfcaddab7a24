import { expect, test } from 'vitest'
import { whyBypassed } from '../../../src/containers/proof.ts'

test.each(['overlay', 'macvlan', 'ipvlan'])(
  'containers on %s networks are refused with the advice to use a bridge',
  (driver) => {
    const why = whyBypassed(
      new Map([
        ['shop_default', 'bridge'],
        ['shop_back', driver],
      ]),
    )
    expect(why).toContain(`shop_back has driver "${driver}"`)
    expect(why).toContain('use one with driver "bridge"')
    expect(why).not.toContain('\n')
  },
)

test.each(['bridge', ''])(
  'the firewall is named as the cause of lost packets if the network driver is %j',
  (driver) => {
    const why = whyBypassed(new Map([['shop_default', driver]]))
    expect(why).toContain('iptables -I INPUT -d 198.19.0.0/16 -j ACCEPT')
    expect(why).toContain('modprobe br_netfilter')
    expect(why).not.toContain('\n')
  },
)

test('the advice on a firewall that drops IPv6 packets contains ip6tables rules', () => {
  const why = whyBypassed(new Map([['shop_default', 'bridge']]), 6)
  expect(why).toContain('ip6tables -I INPUT -d 2001:2::/48 -j ACCEPT')
  expect(why).toContain('sysctl net.bridge.bridge-nf-call-ip6tables=1')
})
