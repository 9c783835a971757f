package java.security.acl;

import java.security.Principal;
import java.util.Enumeration;

/** Java 14 took this interface away; Sling Starter 11 still asks for it. For `--patch-module java.base=…`. */
public interface Group extends Principal {
    boolean addMember(Principal user);
    boolean removeMember(Principal user);
    boolean isMember(Principal member);
    Enumeration<? extends Principal> members();
}
