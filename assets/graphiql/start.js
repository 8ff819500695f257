/**
 * Starts GraphiQL: queries and mutations over HTTP, subscriptions over the WebSocket beside it.
 */

const { createElement: h } = React;

const EXAMPLE = `# Ask for a report, then follow it: pick an operation beside the play button.
# A subscription ends by itself when the report is done.

query Types {
  reportTypes {
    reportType
    title
    description
    parameters
  }
}

query Newest {
  reports(limit: 5) {
    reports {
      id
      reportType
      parameters
      status
      createdAt
    }
    next
  }
}

mutation Ask {
  createReport(
    reportType: "COFFEE_SALES"
    parameters: { reportDate: "2021-01-01" }
    startWhen: connected
  ) {
    id
    status
  }
}

subscription Follow($id: ID!, $since: Int) {
  report(id: $id, since: $since) {
    status
    version
    progress {
      phase
      percent
    }
    pdfUri
    model
  }
}
`;

const socket = new URL("/graphql/ws", location.href);
socket.protocol = socket.protocol.replace("http", "ws");

// the key that the page beside this one was given, in this tab
const key = sessionStorage.getItem("reportwire-key");
const shown = key ? { authorization: `Bearer ${key}` } : {};
const fetcher = GraphiQL.createFetcher({ url: "/graphql", subscriptionUrl: socket.href, headers: shown, wsConnectionParams: shown });

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  h(
    GraphiQL,
    {
      fetcher,
      defaultQuery: EXAMPLE,
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
      isHeadersEditorEnabled: true,
    },
    // GraphiQL knows its parts by their type, so it stands here itself
    h(GraphiQL.Logo, null, h("a", { href: "/" }, "reportwire")),
  ),
);
