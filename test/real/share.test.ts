// The frames as a folder of the network: a real smbd, started for each connection as the image's socket starts it, and
// smbclient: whole, read only, SMB 2 and newer, and nothing hidden.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../support/agent.js'
import { patiently } from '../support/agent-client.js'
import { freePort } from '../support/free-port.js'

const isRoot = process.getuid?.() === 0
const noRoot = !isRoot && 'smbd wants root'
const configFile = path.join(root, 'image-build/shares/files/usr/lib/pierside-image/smb.conf')

async function served(t: Test) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-share-'))
  const archive = path.join(folder, 'archive')
  mkdirSync(path.join(archive, '2026-11-30/M 31'), { recursive: true })
  mkdirSync(path.join(archive, '.incoming'))
  const frame = randomBytes(3_000_000)
  writeFileSync(path.join(archive, '2026-11-30/M 31/frame one.fits'), frame, { mode: 0o640 })
  writeFileSync(path.join(archive, '.incoming/half.fits'), 'half')
  for (const name of ['lock', 'state', 'cache', 'private', 'ncalrpc', 'binddns']) {
    mkdirSync(path.join(folder, 'run', name), { recursive: true })
  }
  chmodSync(folder, 0o755)
  const config = readFileSync(configFile, 'utf8')
    .replaceAll('/run/pierside-share', path.join(folder, 'run'))
    .replace('/data/pierside/archive', archive)
    .replace('force user = pierside', `force user = ${userInfo().username}`)
    .replace('logging = systemd', `logging = file\n  log file = ${folder}/log`)
  writeFileSync(path.join(folder, 'smb.conf'), config)
  const port = await freePort()
  // As it ends, smbd ends all of its process group: it gets one of its own, as systemd gives it.
  const words = ['--listen', `127.0.0.1:${port}`, '--accept', '--inetd', 'setsid', '/usr/sbin/smbd']
  const child: ChildProcess = spawn('systemd-socket-activate', [...words, `--configfile=${folder}/smb.conf`], {
    stdio: 'ignore',
    detached: true,
  })
  t.teardown(async () => {
    child.kill()
    await new Promise(settle => child.once('close', settle))
    rmSync(folder, { recursive: true })
  })
  const client = (commands: string, ...more: string[]) => {
    const args = ['-p', String(port), '-N', ...more, '//127.0.0.1/frames', '-c', commands]
    const { stdout, stderr, status } = spawnSync('smbclient', args, { cwd: folder, encoding: 'utf8', timeout: 30_000 })
    return { status, said: `${stdout}${stderr}` }
  }
  await patiently(async () => {
    const { status, said } = client('ls')
    if (status !== 0) throw new Error(said)
  }, 30_000)
  return { folder, archive, client, frame }
}

t.test('the frames on the network', { skip: noRoot }, async t => {
  const { folder, archive, client, frame } = await served(t)
  execFileSync('testparm', ['-s', '--suppress-prompt', path.join(folder, 'smb.conf')], { stdio: 'pipe' })
  t.match(client('ls').said, /2026-11-30 +D/)
  t.notMatch(client('ls').said, /incoming/, 'what is half written does not show')
  t.equal(client('cd .incoming').said.includes('NT_STATUS'), true, 'nor by its name')
  t.equal(client('get "2026-11-30\\M 31\\frame one.fits" got.fits').status, 0)
  t.ok(readFileSync(path.join(folder, 'got.fits')).equals(frame), 'byte by byte')

  for (const harm of [
    'put smb.conf x',
    'mkdir x',
    'rm "2026-11-30\\M 31\\frame one.fits"',
    'rmdir 2026-11-30',
    'rename 2026-11-30 x',
  ]) {
    t.match(client(harm).said, /NT_STATUS_(ACCESS_DENIED|MEDIA_WRITE_PROTECTED)/, harm)
  }
  t.ok(readFileSync(path.join(archive, '2026-11-30/M 31/frame one.fits')).equals(frame), 'nothing was changed')
  t.match(client('ls', '-m', 'NT1', '--option=client min protocol=CORE').said, /fail|NT_STATUS/i, 'SMB 1 is not spoken')
})
