// Badges of build/demo/ in two verifiers written by others, offline: contexts from disk, everything else from did-map.
// usage: node verify.mjs CONTEXTS.json DEMO_FOLDER        prints one JSON line a badge; exit 1 when one surprises
import {readFileSync, readdirSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import * as bazaarVc from '@digitalbazaar/vc';
import * as bazaarStatus from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite as bazaarEddsa} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof as BazaarProof} from '@digitalbazaar/data-integrity';
import * as dccVc from '@digitalcredentials/vc';
import * as dccStatus from '@digitalcredentials/vc-bitstring-status-list';
import {cryptosuite as dccEddsa} from '@digitalcredentials/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof as DccProof} from '@digitalcredentials/data-integrity';

const [contextsFile, demo] = process.argv.slice(2);
const contexts = new Map(Object.entries(JSON.parse(readFileSync(contextsFile, 'utf8'))));
const mapFile = join(demo, 'did-map.json');
const didMap = JSON.parse(readFileSync(mapFile, 'utf8'));

function local(url) {
  let [target, rest] = [didMap[url], ''];
  if(target === undefined) {
    const prefix = Object.keys(didMap).filter(key => key.endsWith('/') && url.startsWith(key)).sort().pop();
    if(prefix === undefined) {
      throw new Error(`not in did-map: ${url}`);
    }
    [target, rest] = [didMap[prefix], url.slice(prefix.length)];
  }
  return JSON.parse(readFileSync(join(resolve(dirname(mapFile), target), rest), 'utf8'));
}

function didDocument(did) {
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  return local(`https://${host}/${path.length ? path.join('/') : '.well-known'}/did.json`);
}

async function documentLoader(url) {
  let document;
  if(contexts.has(url)) {
    document = contexts.get(url);
  } else if(url.startsWith('did:web:')) {
    const [did, fragment] = url.split('#');
    const whole = didDocument(did);
    document = fragment === undefined ? whole : {
      '@context': 'https://w3id.org/security/multikey/v1',
      ...whole.verificationMethod.find(method => method.id === url)
    };
  } else {
    document = local(url);
  }
  return {contextUrl: null, documentUrl: url, document};
}

const stacks = {
  digitalbazaar: credential => bazaarVc.verifyCredential({
    credential, documentLoader, checkStatus: bazaarStatus.checkStatus,
    suite: new BazaarProof({cryptosuite: bazaarEddsa}), verifyBitstringStatusListCredential: true,
    verifyStatusListCredential: true
  }),
  digitalcredentials: credential => dccVc.verifyCredential({
    credential, documentLoader, checkStatus: dccStatus.checkStatus, suite: new DccProof({cryptosuite: dccEddsa})
  })
};

const expected = new Map(JSON.parse(readFileSync(join(demo, 'summary.json'), 'utf8')).checks.map(
  check => [check.file.split('/').pop(), check]));
let surprises = 0;
let count = 0;

async function check(name, file, credential, good) {
  for(const [stack, verify] of Object.entries(stacks)) {
    const result = await verify(structuredClone(credential));
    const verified = result.verified === true && (result.statusResult?.verified ?? true) === true;
    const why = verified ? undefined : (result.error?.errors?.[0]?.message ?? result.error?.message ??
      result.statusResult?.error?.message ?? 'status');
    count += 1;
    if(verified !== good) {
      surprises += 1;
    }
    if(verified !== good || expected.has(file)) {
      console.log(JSON.stringify({stack, badge: name, verified, expected: good, why}));
    }
  }
}

for(const file of readdirSync(join(demo, 'badges')).filter(one => one.endsWith('.json') && !one.includes('anchor')).sort()) {
  const credential = JSON.parse(readFileSync(join(demo, 'badges', file), 'utf8'));
  const told = expected.get(file);
  await check(file, file, credential, told === undefined || told.current === 'current');
  if(count < 8) {
    const twin = structuredClone(credential);
    twin.credentialSubject.creditsEarned = 99;
    await check(`${file} (tampered twin)`, file, twin, false);
  }
}
console.log(JSON.stringify({verifications: count, surprises}));
process.exit(surprises ? 1 : 0);
