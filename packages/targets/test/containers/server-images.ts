import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mountedPath, type Podman } from '../../../testing/src/containers/podman.ts'

// Images with the names of public images, which cannot be fetched here. They run this machine's programs.

const postgres = `#!/usr/bin/bash
set -e
programs=$(dirname $(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1))
mkdir -p /tmp/data && chown postgres /tmp/data && cd /tmp
as() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
as $programs/initdb -D /tmp/data -U postgres -A trust --no-sync
echo "host all all all $POSTGRES_HOST_AUTH_METHOD" >>/tmp/data/pg_hba.conf
exec setpriv --reuid postgres --regid postgres --clear-groups $programs/postgres -D /tmp/data -k /tmp -h 0.0.0.0 -c dynamic_shared_memory_type=mmap
`

const nginx = `#!/usr/bin/bash
exec /usr/sbin/nginx -g "daemon off; pid /tmp/nginx.pid; error_log stderr;"
`

const redis = `#!/usr/bin/bash
cd /tmp && exec redis-server --bind 0.0.0.0 --protected-mode no --save ""
`

const node = `#!/usr/bin/bash
exec "$@"
`

const ENTRY_POINTS: { readonly [image: string]: string } = {
  'postgres:16': postgres,
  'nginx:1.27': nginx,
  'redis:7': redis,
  'node:22': node,
}

/** The programs that these images need on this machine. */
export const SERVER_PROGRAMS = '/usr/sbin/nginx /usr/lib/postgresql/*/bin/initdb redis-server setpriv'

export function buildServerImages({ directory, say }: Pick<Podman, 'directory' | 'say'>): void {
  for (const [image, script] of Object.entries(ENTRY_POINTS)) {
    const root = join(directory, 'servers', image.replace(':', '-'))
    for (const path of ['etc', 'tmp', 'app', 'var/log/nginx', 'var/lib/nginx'])
      mkdirSync(join(root, path), { recursive: true })
    symlinkSync('usr/bin', join(root, 'bin'))
    for (const file of ['passwd', 'group']) copyFileSync(join('/etc', file), join(root, 'etc', file))
    writeFileSync(join(root, 'entrypoint.sh'), script, { mode: 0o755 })
    say(
      `chmod 1777 ${root}/tmp && tar -cf image.tar -C ${root} . && podman import --change 'ENV PATH=${mountedPath}' --change 'ENTRYPOINT ["/entrypoint.sh"]' image.tar docker.io/library/${image} && rm image.tar`,
    )
  }
}
