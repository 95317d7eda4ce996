const given = { type: 'string', default: '', onlyGiven: true, group: 'listeners' } as const;

/** The settings of a proxy that signs people in to the console, as one for OIDC does. */
export const WEB_SPECS = {
  WebCertFile: {
    ...given,
    summary: 'certificate of the console, PEM, with those that vouch for it; empty = no TLS',
  },
  WebKeyFile: { ...given, summary: 'its key, PEM' },
  WebPlainText: {
    ...given,
    type: 'bool',
    default: false,
    summary: 'serve the console to other machines without encryption, as in a VPN',
  },
  WebProxies: {
    ...given,
    summary: 'addresses of proxies that sign people in to the console: address,address; empty = none',
  },
  WebProxySecretFile: {
    ...given,
    summary: 'file with the secret that such a proxy sends as X-Steward-Proxy',
  },
  WebOrigin: {
    ...given,
    summary: 'where browsers reach the console or its proxy, such as https://steward.example.org',
  },
  WebUserHeader: { ...given, summary: 'header in which the proxy names the user, such as X-Forwarded-User' },
  WebGroupsHeader: { ...given, summary: 'header in which it names their groups: group,group; empty = none' },
  WebActUsers: { ...given, summary: 'users of the proxy who may act: user,user; all others look' },
  WebActGroups: { ...given, summary: 'groups of the proxy whose users may act: group,group' },
} as const;
