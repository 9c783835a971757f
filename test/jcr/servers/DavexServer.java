import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import javax.jcr.Repository;
import javax.jcr.Session;
import javax.jcr.SimpleCredentials;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.jackrabbit.api.JackrabbitSession;
import org.apache.jackrabbit.api.security.user.User;
import org.apache.jackrabbit.commons.jackrabbit.authorization.AccessControlUtils;
import org.apache.jackrabbit.oak.Oak;
import org.apache.jackrabbit.oak.jcr.Jcr;
import org.apache.jackrabbit.oak.plugins.memory.MemoryNodeStore;
import org.apache.jackrabbit.oak.segment.SegmentNodeStoreBuilders;
import org.apache.jackrabbit.oak.segment.file.FileStore;
import org.apache.jackrabbit.oak.segment.file.FileStoreBuilder;
import org.apache.jackrabbit.oak.spi.commit.CommitInfo;
import org.apache.jackrabbit.oak.spi.commit.EmptyHook;
import org.apache.jackrabbit.oak.spi.security.principal.PrincipalImpl;
import org.apache.jackrabbit.oak.spi.state.NodeBuilder;
import org.apache.jackrabbit.oak.spi.state.NodeStore;
import org.apache.jackrabbit.server.remoting.davex.JcrRemotingServlet;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

/**
 * A real Oak that speaks DavEx at http://127.0.0.1:PORT/server/default/jcr:root, for tests; admin/admin.
 * Arguments: PORT, and a directory for segments, or nothing to keep all in memory. A segment store writes its journal
 * every five seconds: what it acknowledged since is lost with a kill. With -Ddurable=true each answer waits for the journal.
 * With -Dbare=true there is no /var, as in a new Oak.
 *
 * What tests cannot do over DavEx, POST /test does as admin: `do` is user, password (name, password), allow or deny (name, path,
 * privileges by comma), lock (path, deep), unlock (path), checkin (path), checkout (path), versionable (path). rename (path, name) works below JCR:
 * names with an index, which repositories brought from Jackrabbit 2 have, no session of Oak's can make.
 */
public final class DavexServer {
    public static void main(String[] args) throws Exception {
        FileStore segments = args.length > 1 ? FileStoreBuilder.fileStoreBuilder(new File(args[1])).build() : null;
        NodeStore nodes = segments == null ? new MemoryNodeStore() : SegmentNodeStoreBuilders.builder(segments).build();
        Repository repository = new Jcr(new Oak(nodes)).createRepository();
        Session admin = admin(repository);
        for (String name : new String[] {"content", "var"}) {
            if ("var".equals(name) && Boolean.getBoolean("bare")) continue;
            if (!admin.nodeExists("/" + name)) admin.getRootNode().addNode(name, "nt:unstructured");
        }
        admin.save();
        admin.logout();

        ServletContextHandler context = new ServletContextHandler(ServletContextHandler.NO_SESSIONS);
        ServletHolder davex = new ServletHolder(new JcrRemotingServlet() {
            @Override protected Repository getRepository() { return repository; }

            @Override protected void service(HttpServletRequest request, HttpServletResponse response)
                    throws ServletException, IOException {
                super.service(request, response);
                if (segments != null && Boolean.getBoolean("durable") && !"GET".equals(request.getMethod())) segments.flush();
            }
        });
        davex.setInitParameter("resource-path-prefix", "/server");
        davex.setInitParameter("authenticate-header", "Basic realm=\"Oak\"");
        context.addServlet(davex, "/server/*");
        context.addServlet(new ServletHolder(new Deeds(repository, nodes)), "/test");
        Server server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
        // As Sling and AEM have it; Jetty's own limit is half of it.
        for (Connector connector : server.getConnectors()) {
            connector.getConnectionFactory(HttpConnectionFactory.class).getHttpConfiguration().setRequestHeaderSize(16 * 1024);
        }
        server.setHandler(context);
        server.start();
        // Jetty first: no request may meet a closed store.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { server.stop(); } catch (Exception e) { System.err.println(e); }
            if (segments != null) segments.close();
        }));
    }

    static Session admin(Repository repository) throws Exception {
        return repository.login(new SimpleCredentials("admin", "admin".toCharArray()));
    }

    private static final class Deeds extends HttpServlet {
        private final transient Repository repository;
        private final transient NodeStore nodes;

        Deeds(Repository repository, NodeStore nodes) {
            this.repository = repository;
            this.nodes = nodes;
        }

        @Override protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            request.setCharacterEncoding("UTF-8");
            try {
                if ("rename".equals(request.getParameter("do"))) {
                    rename(request.getParameter("path"), request.getParameter("name"));
                    return;
                }
                Session session = admin(repository);
                try { act(session, request); session.save(); } finally { session.logout(); }
            } catch (Exception e) {
                response.sendError(500, String.valueOf(e));
            }
        }

        /** Below JCR, whose rules do not hold there. */
        private void rename(String path, String name) throws Exception {
            NodeBuilder root = nodes.getRoot().builder();
            NodeBuilder parent = root;
            String[] segments = path.substring(1).split("/");
            for (int i = 0; i < segments.length - 1; i++) parent = parent.getChildNode(segments[i]);
            NodeBuilder node = parent.getChildNode(segments[segments.length - 1]);
            if (!node.exists()) throw new IllegalArgumentException(path + " is not there");
            parent.setChildNode(name, node.getNodeState());
            node.remove();
            nodes.merge(root, EmptyHook.INSTANCE, CommitInfo.EMPTY);
        }

        private static void act(Session session, HttpServletRequest ask) throws Exception {
            String path = ask.getParameter("path");
            String name = ask.getParameter("name");
            switch (ask.getParameter("do")) {
                case "user":
                    ((JackrabbitSession) session).getUserManager().createUser(name, ask.getParameter("password"));
                    break;
                case "password":
                    ((User) ((JackrabbitSession) session).getUserManager().getAuthorizable(name))
                        .changePassword(ask.getParameter("password"));
                    break;
                case "allow":
                case "deny":
                    AccessControlUtils.addAccessControlEntry(session, path, new PrincipalImpl(name),
                        ask.getParameter("privileges").split(","), ask.getParameter("do").equals("allow"));
                    break;
                case "versionable":
                    session.getNode(path).addMixin("mix:versionable");
                    break;
                case "checkin":
                    session.getWorkspace().getVersionManager().checkin(path);
                    break;
                case "checkout":
                    session.getWorkspace().getVersionManager().checkout(path);
                    break;
                case "lock":
                    session.getNode(path).addMixin("mix:lockable");
                    session.save();
                    session.getWorkspace().getLockManager()
                        .lock(path, "true".equals(ask.getParameter("deep")), false, Long.MAX_VALUE, "somebody");
                    break;
                default:
                    throw new IllegalArgumentException("unknown deed " + ask.getParameter("do"));
            }
        }
    }
}
