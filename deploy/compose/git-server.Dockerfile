# A Git server over smart HTTP for development: every folder of /seed becomes a repository, http://git-server/git/<name>.git.
FROM alpine:3.22
RUN apk add --no-cache git git-daemon lighttpd
COPY git-server.conf /etc/lighttpd/lighttpd.conf
COPY git-server.sh /usr/local/bin/git-server
EXPOSE 80
CMD ["sh", "/usr/local/bin/git-server"]
